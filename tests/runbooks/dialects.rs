//! Documents as documentation sites write them: their tabs are options, and their fences are read whatever stands on the first line.

use warroom::{
    platform::DiagnosticSeverity,
    runbook::{self, Asks, Runbook, Step},
};

fn read(text: &str) -> Runbook {
    runbook::parse("x.md", text)
}

/// Option and commands of each step, and why its actions ask.
fn outline(runbook: &Runbook) -> Vec<String> {
    let line = |step: &Step| {
        let option = step.option.as_ref().map(|option| format!("[{} {}] ", option.key, option.title));
        let actions = step.all_actions().map(|action| {
            let asks = if action.asks.is_some() { "? " } else { "" };
            format!("{asks}{}", action.code.trim().replace('\n', "; "))
        });
        format!("{}{}", option.unwrap_or_default(), actions.collect::<Vec<_>>().join(" | "))
    };
    runbook.steps().map(line).collect()
}

fn errors(runbook: &Runbook) -> Vec<String> {
    let of = runbook.diagnostics.iter().filter(|found| found.severity == DiagnosticSeverity::Error);
    of.map(|found| found.message.clone()).collect()
}

/// Two ways to restart, in the syntax of each dialect.
const TABS: &[(&str, &str)] = &[
    (
        "MDX",
        "<Tabs groupId=\"how\">\n<TabItem value=\"k\" label=\"One\" default>\n\n```bash\nls 1\n```\n\n</TabItem>\n\
         <TabItem value=\"h\" label=\"Two\">\n\n```bash\nls 2\n```\n\n</TabItem>\n</Tabs>\n",
    ),
    (
        "MDX over several lines, and without blank ones",
        "<Tabs\n  defaultValue=\"k\"\n  values={[{label: 'x', value: 'k'}]}>\n  <TabItem\n    value=\"One\">\n```bash\nls 1\n```\n\
         </TabItem>\n<TabItem value=\"Two\">\n```bash\nls 2\n```\n</TabItem>\n</Tabs>\n",
    ),
    (
        "Hugo",
        "{{< tabs name=\"how\" >}}\n{{% tab name=\"One\" %}}\n```bash\nls 1\n```\n{{% /tab %}}\n{{% tab name=\"Two\" %}}\n\
         ```bash\nls 2\n```\n{{% /tab %}}\n{{< /tabs >}}\n",
    ),
    (
        "GitBook",
        "{% tabs %}\n{% tab title=\"One\" %}\n```bash\nls 1\n```\n{% endtab %}\n{% tab title=\"Two\" %}\n```bash\nls 2\n```\n\
         {% endtab %}\n{% endtabs %}\n",
    ),
    (
        "mdBook",
        "{{#tabs }}\n{{#tab name=\"One\" }}\n```bash\nls 1\n```\n{{#endtab }}\n{{#tab name=\"Two\" }}\n```bash\nls 2\n```\n{{#endtab }}\n{{#endtabs }}\n",
    ),
    ("MkDocs", "=== \"One\"\n\n    ```bash\n    ls 1\n    ```\n\n=== \"Two\"\n\n    ```bash\n    ls 2\n    ```\n\n"),
    (
        "GitLab",
        "::Tabs\n\n:::TabTitle One\n\n```bash\nls 1\n```\n\n:::TabTitle Two\n\n```bash\nls 2\n```\n\n::EndTabs\n",
    ),
    (
        "Sphinx with colons",
        "::::{tab-set}\n:::{tab-item} One\n```bash\nls 1\n```\n:::\n:::{tab-item} Two\n```bash\nls 2\n```\n:::\n::::\n",
    ),
    (
        "Sphinx with fences",
        "`````{tab-set}\n````{tab-item} One\n```bash\nls 1\n```\n````\n````{tab-item} Two\n```bash\nls 2\n```\n````\n`````\n",
    ),
    ("VitePress", "::: code-group\n\n```bash [One]\nls 1\n```\n\n```bash [Two]\nls 2\n```\n\n:::\n"),
    ("Quarto", "::: {.panel-tabset}\n## One\n\n```bash\nls 1\n```\n\n## Two\n\n```bash\nls 2\n```\n:::\n"),
    ("Microsoft", "# [One](#tab/one)\n\n```bash\nls 1\n```\n\n# [Two](#tab/two)\n\n```bash\nls 2\n```\n\n---\n"),
    (
        "collapsed parts in a row",
        "<details>\n<summary>One</summary>\n\n```bash\nls 1\n```\n</details>\n<details>\n<summary><b>Two</b></summary>\n```bash\nls 2\n```\n</details>\n",
    ),
];

#[test]
fn tabs_of_every_dialect_are_options_and_what_follows_is_not() {
    for (dialect, tabs) in TABS {
        let text = format!(
            "# T\n\n## Steps\n\n### 1. Restart\n\n```bash\nls 0\n```\n\n{tabs}\nThen:\n\n```bash\nls 3\n```\n\n### 2. Look\n\n```bash\nls 4\n```\n"
        );
        let runbook = read(&text);
        let expected = ["ls 0", "[A One] ls 1", "[B Two] ls 2", "ls 3", "ls 4"];
        assert_eq!(outline(&runbook), expected, "{dialect}");
        assert_eq!(errors(&runbook), Vec::<String>::new(), "{dialect}");
        let groups: Vec<_> =
            runbook.steps().filter_map(|step| step.option.as_ref()).map(|option| &option.group).collect();
        assert_eq!(groups[0], groups[1], "{dialect}");
        // The same without anything around them, and in a list.
        assert_eq!(outline(&read(tabs)), expected[1..3], "{dialect}");
    }
}

#[test]
fn two_groups_of_tabs_are_two_choices_and_headings_in_a_tab_belong_to_it() {
    let tabs = "<Tabs>\n<TabItem label=\"a\">\n\n### One\n\n```sh\nls 1\n```\n\n## Two\n\n```sh\nls 2\n```\n</TabItem>\n\
                <TabItem label=\"b\">\n\n```sh\nls 3\n```\n</TabItem>\n</Tabs>\n";
    let text = format!("# T\n\n## Fix\n\n{tabs}{tabs}");
    let runbook = read(&text);
    let keys: Vec<_> = runbook.steps().map(|step| step.option.as_ref().unwrap().key.as_str()).collect();
    assert_eq!(keys, ["A", "A", "B", "A", "A", "B"]);
    let mut groups: Vec<_> = runbook.steps().map(|step| step.option.as_ref().unwrap().group.as_str()).collect();
    groups.dedup();
    assert_eq!(groups.len(), 2);
}

#[test]
fn tabs_in_a_tab_are_options_of_the_same_choice() {
    let inner = "<Tabs>\n<TabItem label=\"x\">\n\n```sh\nls 1\n```\n</TabItem>\n<TabItem label=\"y\">\n\n```sh\nls 2\n```\n</TabItem>\n</Tabs>\n";
    let text = format!(
        "## Fix\n\n<Tabs>\n<TabItem label=\"a\">\n{inner}</TabItem>\n<TabItem label=\"b\">\n\n```sh\nls 3\n```\n</TabItem>\n</Tabs>\n"
    );
    assert_eq!(outline(&read(&text)), ["[A a, x] ls 1", "[B a, y] ls 2", "[C b] ls 3"]);
    // With commands of its own beside them, the inner choice cannot be made: nothing of it runs by itself.
    let beside = text.replace("label=\"a\">\n", "label=\"a\">\n\n```sh\nls 0\n```\n\n");
    let runbook = read(&beside);
    assert_eq!(outline(&runbook), ["[A a] ls 0 | ? ls 1 | ? ls 2", "[B b] ls 3"]);
    assert_eq!(errors(&runbook).len(), 1);
}

#[test]
fn alternatives_that_are_not_understood_are_an_error_and_none_runs_by_itself() {
    let two = "```sh\nls 1\n```\n\n```sh\nls 2\n```\n";
    for text in [
        format!("## Fix\n\n<PlatformSwitcher>\n\n{two}\n</PlatformSwitcher>\n"),
        format!("## Fix\n\n<Tabs>\n\n{two}"),
        format!("## Fix\n\n<Tabs>\n\n{two}\n</Tabs>\n"),
        format!("## Fix\n\n{{% if os == \"linux\" %}}\n\n{two}\n{{% endif %}}\n"),
        format!("## Fix\n\n{{{{< choose >}}}}\n\n{two}\n{{{{< /choose >}}}}\n"),
        format!("## Fix\n\n<div class=\"nav-tabs\">\n\n{two}\n</div>\n"),
    ] {
        let runbook = read(&text);
        let found = errors(&runbook);
        assert!(found.len() == 1 && found[0].starts_with("these alternatives cannot be read"), "{text}: {found:?}");
        assert!(
            runbook.steps().flat_map(|step| &step.actions).all(|action| action.asks == Some(Asks::NotUnderstood)),
            "{text}"
        );
        assert_eq!(runbook.steps().map(|step| step.actions.len()).sum::<usize>(), 2, "{text}");
    }
    // What is only a frame is read in order.
    for text in [
        format!("## Fix\n\n<Note>\n{two}</Note>\n"),
        format!("## Fix\n\n:::danger\n{two}:::\n"),
        format!("## Fix\n\n!!! note\n\n    {}\n", two.replace('\n', "\n    ")),
        format!("## Fix\n\n<div align=\"center\">\n\n{two}\n</div>\n"),
        format!("## Fix\n\nReplace <Namespace> first.\n\n{two}"),
    ] {
        let runbook = read(&text);
        assert_eq!((outline(&runbook), errors(&runbook)), (vec!["ls 1 | ls 2".to_owned()], vec![]), "{text}");
    }
}

#[test]
fn a_collapsed_part_is_for_some_cases_so_its_commands_ask() {
    let runbook =
        read("## Check\n\n<details>\n<summary>When it does not come up</summary>\n```bash\nls\n```\n</details>\n");
    assert_eq!(runbook.steps().next().unwrap().actions[0].asks, Some(Asks::Collapsed));
}

/// First line, code, and what is said of it.
#[test]
fn fences_are_read_as_every_dialect_writes_them() {
    for info in [
        "bash {linenos=table,hl_lines=[1,\"3-4\"]}",
        "bash title=\"on the bastion\" {1,3-4} showLineNumbers",
        "{.bash .numberLines startFrom=\"10\"}",
        "{ .sh #restore .numberLines }",
        "bash title=\"restore.sh\" linenums=\"1\" hl_lines=\"2 3\"",
        "{code-block} bash\n:linenos:\n",
        "{bash}",
        "{bash, echo=FALSE, fig.cap=\"x\"}",
        "zsh",
        "shell-session\n$ ls -l\n",
        "sh {\"name\":\"pods\",\"tag\":\"type:destructive\"}",
        "bash:line-numbers {1}",
        "sh [npm]",
    ] {
        let (first, before) = info.split_once('\n').unwrap_or((info, ""));
        let code = if first == "shell-session" { "" } else { "ls -l\n" };
        let text = format!(
            "# T\n\n## Steps\n\n### 1. A\n\n```{first}\n{before}{}{code}```\n",
            if before.starts_with(':') { "\n" } else { "" }
        );
        let runbook = read(&text);
        assert_eq!(outline(&runbook), ["ls -l"], "{info}");
        let bad: Vec<_> =
            runbook.diagnostics.iter().filter(|found| found.severity != DiagnosticSeverity::Note).collect();
        assert!(bad.is_empty(), "{info}: {bad:?}");
    }
    let wrong = read("```bash {.numberLines timout=2m}\nls\n```\n");
    assert!(errors(&wrong)[0].contains("timout"), "a slip in an attribute of ours is still one");
}

#[test]
fn what_runme_says_of_a_cell_is_honoured() {
    let text = "```sh {\"name\":\"pods\",\"excludeFromRunAll\":\"true\"}\nls 1\n```\n\n```sh {\"name\":\"b\",\"interactive\":\"false\"}\nls 2\n```\n\n\
                ```sh {\"interactive\":\"true\",\"cwd\":\"/srv\"}\nls 3\n```\n\n```sh {\"interpreter\":\"python3\"}\nprint(1)\n```\n";
    let runbook = read(text);
    let actions: Vec<_> = runbook.steps().flat_map(|step| &step.actions).collect();
    assert_eq!(actions.iter().map(|action| action.asks).collect::<Vec<_>>(), [Some(Asks::Excluded), None, None]);
    assert_eq!(actions[0].name.as_deref(), Some("pods"));
    assert_eq!(actions.iter().map(|action| action.attributes.interactive).collect::<Vec<_>>(), [false, false, true]);
    assert!(runbook.diagnostics.iter().any(|found| found.message.contains("`cwd` has no effect")));
}

#[test]
fn commands_without_a_label_run_when_somebody_says_so() {
    let text = "# T\n\n## Fix\n\n```\nkubectl get pods -n shop\n```\n\nThe output is:\n\n```\nNAME   READY\nweb-0  1/1\n```\n\n\
                ```console\nkubectl delete pod web-0\n```\n\n```yaml\nkubectl apply -f - <<EOF\nkind: Pod\nEOF\n```\n\n```\napiVersion: v1\n```\n";
    let runbook = read(text);
    let actions: Vec<_> = runbook.steps().flat_map(|step| &step.actions).collect();
    assert_eq!(actions.len(), 3);
    assert!(actions.iter().all(|action| action.asks == Some(Asks::Unlabelled)));
}

#[test]
fn only_what_follows_a_prompt_runs_and_a_person_compares_the_rest() {
    for (language, prompt) in [("bash", "$ "), ("", "$ "), ("sh", "% "), ("", "[root@db1 ~]# "), ("shell", "PS1> ")] {
        let text = format!("## Look\n\n```{language}\n{prompt}kubectl get pods\nNAME   READY\nweb-0  1/1\n```\n");
        let runbook = read(&text);
        let step = runbook.steps().next().unwrap();
        assert_eq!(step.actions[0].code, "kubectl get pods\n", "{text}");
        assert_eq!(step.checks[0].text, "NAME READY … (2 lines from line 5)", "{text}");
        assert_eq!(step.checks[0].about.as_ref(), Some(&step.actions[0].id));
        assert_eq!(step.actions[0].asks, language.is_empty().then_some(Asks::Unlabelled));
    }
    let root = read("## Promote\n\n```sh\n# pg_ctlcluster 15 main promote\n```\n");
    let action = &root.steps().next().unwrap().actions[0];
    assert_eq!((action.code.as_str(), action.asks), ("pg_ctlcluster 15 main promote\n", Some(Asks::RootPrompt)));
    // A line that is only a sign stands between commands and output in some documents; bash would run the first and then stop.
    let cut = read("## Restart\n\n```bash\ntouch ran\n>\nNAME        STATUS\nmycluster   Running\n```\n");
    let step = cut.steps().next().unwrap();
    assert_eq!((step.actions[0].code.as_str(), step.checks.len()), ("touch ran\n", 1));
}

#[test]
fn placeholders_are_asked_for_once_and_go_as_variables() {
    let text = "---\nvars:\n  NAMESPACE: {default: shop}\n---\n## Fix\n\n```bash\nkubectl -n <namespace> delete pod <pod-name>\n```\n\n\
                ```\nkubectl -n <namespace> describe pod <pod-name>\nsort <hosts.txt >hosts.sorted\n```\n\n```sh\ncurl -u me:<password> \"https://x/<path>\"\n```\n";
    let runbook = read(text);
    let codes: Vec<_> = runbook.steps().flat_map(|step| &step.actions).map(|action| action.code.as_str()).collect();
    assert_eq!(codes[0], "kubectl -n \"$NAMESPACE\" delete pod \"$POD_NAME\"\n");
    assert!(codes[1].ends_with("sort <hosts.txt >hosts.sorted\n"));
    let vars = &runbook.front.vars;
    assert_eq!(vars.keys().collect::<Vec<_>>(), ["NAMESPACE", "POD_NAME", "PASSWORD", "PATH_VALUE"]);
    assert_eq!(vars["NAMESPACE"].default.as_deref(), Some("shop"), "what the document declares stays");
    assert_eq!((vars["POD_NAME"].prompt.as_deref(), vars["POD_NAME"].line), (Some("pod-name"), 8));
    assert!(vars["PASSWORD"].secret && !vars["POD_NAME"].secret);
    let check = |value: &str| runbook::parse::variables::check("X", &vars["POD_NAME"], &[], value);
    assert!(check("web-0").is_ok() && check("--all").is_err() && check("a b").is_err() && check("$(id)").is_err());
}

#[test]
fn documents_of_sites_and_wikis_load_with_their_front_matter() {
    for front in [
        "---\ntitle: Restore etcd\nsidebar_position: 5\nsidebar_label: etcd\n---\nimport Tabs from '@theme/Tabs';\n\n",
        "---\ncwd: ../..\nshell: bash\nskipPrompts: true\nrunme:\n  version: v3\ntitle: Restore etcd\n---\n",
        "---\ntitle: Restore etcd\nstage: Verify\ngroup: Runner\ninfo: \"To find out, see x\"\n---\n",
        "---\nlayout: post\ntitle: Restore etcd\nnav_order: 2\nhas_children: true\n---\n",
        "+++\ntitle = \"Restore etcd\"\nweight = 5\n[menu.main]\nparent = \"x\"\n+++\n",
    ] {
        let runbook = read(&format!("{front}\n## Restore\n\n```bash\nls\n```\n"));
        assert_eq!((runbook.title.as_str(), runbook.diagnostics.len()), ("Restore etcd", 0), "{front}");
        assert_eq!(outline(&runbook), ["ls"], "{front}");
    }
    let heading = read("---\ntitle: Other\n---\n# Restore etcd\n\n## Restore\n");
    assert_eq!(heading.title, "Restore etcd");
}
