//! git and images: releases that are not what they are said to be.

use crate::lint::{
    command::Command,
    report::Report,
    rule::{Check::Command as AtCommand, ERROR, Rule, WARNING},
};

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "commit-without-add",
        severity: ERROR,
        title: "the commit holds nothing",
        explanation: "`git commit` takes what was added. With no `git add` before it says `no changes added to commit`, exits 1, \
                      and the tag or image that follows is made of the old code.",
        help: "add the changed files by name, look at git diff --staged, then commit",
        correct: "git add src/session.rs\ngit diff --staged --stat\ngit commit -m 'Limit session lookups'",
        check: AtCommand(&["git"], commit_without_add),
    },
    Rule {
        name: "push-tag-only",
        severity: WARNING,
        title: "the tag is pushed, the branch is not",
        explanation: "The fix is on no branch: the next release is made without it, and the outage comes back.",
        help: "push the branch too (or open a pull request from it), then the tag",
        correct: "git push origin hotfix/session-limit\ngit push origin \"${TAG:?}\"",
        check: AtCommand(&["git"], push_tag_only),
    },
    Rule {
        name: "commits-are-not-deployments",
        severity: WARNING,
        title: "the commit log does not show what was deployed",
        explanation: "A commit may be live hours later, or never; and without a fetch this is the log of somebody's last pull.",
        help: "ask what was deployed: kubectl rollout history, helm history, the release log",
        correct: "kubectl -n \"${NAMESPACE:?}\" rollout history deployment/api",
        check: AtCommand(&["git"], commits_are_not_deployments),
    },
    Rule {
        name: "image-without-registry",
        severity: ERROR,
        title: "the image is pushed to no registry of ours",
        explanation: "A name with no registry means docker.io/library/NAME: the push is denied, or lands where the cluster \
                      does not look.",
        help: "name the registry, and deploy by digest",
        correct: "docker push registry.internal/portal/api:\"${TAG:?}\"",
        check: AtCommand(&["docker", "podman"], image_without_registry),
    },
    Rule {
        name: "test-after-deploy",
        severity: WARNING,
        title: "the tests come after the deployment",
        explanation: "What the tests would have found is live by then.",
        help: "test before pushing; after the deployment, check the running service",
        correct: "",
        check: AtCommand(&["npm", "yarn", "pnpm", "pytest", "go", "cargo", "make", "mvn", "gradle"], test_after_deploy),
    },
];

fn commit_without_add(command: &Command<'_>, report: &mut Report<'_>) {
    let all = command.words.iter().any(|word| word == "--all" || word == "--allow-empty" || word.starts_with("-a"));
    if command.verb() != "commit" || all || command.flag(&["--amend"]) || command.operands().len() > 1 {
        return;
    }
    const STAGES: [&str; 9] = ["add", "rm", "mv", "merge", "cherry-pick", "revert", "apply", "stash", "restore"];
    let staged = command.before(report.subject).any(|other| other.program() == "git" && STAGES.contains(&other.verb()));
    if !staged {
        report.command(command, "nothing was added, so there is nothing to commit");
    }
}

fn push_tag_only(command: &Command<'_>, report: &mut Report<'_>) {
    let operands = command.operands();
    let Some((index, tag)) = operands.get(2).filter(|_| command.verb() == "push") else { return };
    let subject = report.subject;
    let same_block =
        || command.before(subject).filter(|other| other.block == command.block && other.program() == "git");
    let is_tag =
        same_block().any(|other| other.verb() == "tag" && other.operands().iter().any(|(_, word)| word == tag));
    let committed = same_block().any(|other| matches!(other.verb(), "commit" | "cherry-pick" | "merge" | "revert"));
    let pushes = |other: &Command<'_>| {
        let operands = other.operands();
        other.is("git", "push") && operands.get(2).is_none_or(|(_, what)| what != tag)
    };
    if is_tag && committed && !same_block().any(pushes) && !command.after(subject).any(pushes) {
        report.word(command, *index, format!("{tag} is pushed, and the commit it marks stays on a local branch"));
    }
}

fn commits_are_not_deployments(command: &Command<'_>, report: &mut Report<'_>) {
    if command.verb() == "log" && command.intent(report.subject, &["deployment", "deployments", "deployed", "deploys"])
    {
        report.command(command, "this lists commits of the local clone, not deployments");
    }
}

fn image_without_registry(command: &Command<'_>, report: &mut Report<'_>) {
    let operands = command.operands();
    if let Some((index, image)) = operands.get(1).filter(|_| command.verb() == "push")
        && !image.contains('/')
        && !image.contains('$')
    {
        report.word(command, *index, format!("{image} names no registry"));
    }
}

fn test_after_deploy(command: &Command<'_>, report: &mut Report<'_>) {
    let subject = report.subject;
    let tests = |other: &Command<'_>| {
        let words = || other.operands().into_iter().map(|(_, word)| word.to_ascii_lowercase()).collect::<Vec<_>>();
        other.program() == "pytest"
            || words().iter().any(|word| word == "test" || word.starts_with("test:") || word == "verify")
    };
    let live = ["smoke", "e2e", "health", "live", "prod"];
    if !tests(command) || command.words.iter().any(|word| live.iter().any(|part| word.contains(part))) {
        return;
    }
    let mut earlier = command.before(subject).filter(|other| other.block == command.block);
    let deployed = earlier.any(|other| {
        let script = other.program().contains("deploy");
        script
            || other.is("git", "push")
            || other.is("docker", "push")
            || (other.is("kubectl", "set") && other.second() == "image")
    });
    if deployed && !command.before(subject).any(tests) {
        report.command(command, "this runs after what it should have tested is live");
    }
}
