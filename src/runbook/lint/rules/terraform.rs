//! Terraform: plans nobody has read, and questions answered by the wrong command.

use crate::lint::{
    command::Command,
    report::Report,
    rule::{Check::Command as AtCommand, ERROR, Rule, WARNING},
};

const TERRAFORM: &[&str] = &["terraform", "tofu"];

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "terraform-no-init",
        severity: WARNING,
        title: "no terraform init before plan or apply",
        explanation: "On the machine that a recovery is run from there is no `.terraform` folder: plan and apply fail until \
                      init has fetched providers and found the state.",
        help: "run terraform init -input=false first",
        correct: "terraform init -input=false\nterraform plan -input=false -out=recovery.plan",
        check: AtCommand(TERRAFORM, no_init),
    },
    Rule {
        name: "terraform-apply-without-plan",
        severity: ERROR,
        title: "apply without a reviewed plan",
        explanation: "Without a saved plan, apply asks on the terminal, and what it does is decided after the question was \
                      asked. On the same state with another variable it may replace production.",
        help: "plan -out=FILE, read terraform show FILE, and apply that file; use a workspace or state of its own for recovery",
        correct: "terraform plan -input=false -out=recovery.plan\nterraform show -no-color recovery.plan",
        check: AtCommand(TERRAFORM, apply_without_plan),
    },
    Rule {
        name: "terraform-plan-not-read",
        severity: ERROR,
        title: "the plan is applied without anybody having read it",
        explanation: "After a disaster the real world differs from the state, and a plan may delete or recreate what still \
                      works. Plan and apply in one block leave no moment to see that.",
        help: "show the plan in a step of its own, confirm what it destroys by name, and apply it in the next",
        correct: "terraform show -no-color recovery.plan",
        check: AtCommand(TERRAFORM, plan_not_read),
    },
    Rule {
        name: "terraform-show-is-not-drift",
        severity: WARNING,
        title: "terraform show never says what was changed",
        explanation: "`terraform show` prints the state as it was last written. Searching it for `modified` finds nothing, \
                      whatever has happened.",
        help: "ask for drift: terraform plan -refresh-only -detailed-exitcode; and who did it: the cloud's audit log",
        correct: "terraform plan -refresh-only -detailed-exitcode -input=false",
        check: AtCommand(TERRAFORM, show_is_not_drift),
    },
];

fn no_init(command: &Command<'_>, report: &mut Report<'_>) {
    let verb = command.verb();
    let first = !command
        .before(report.subject)
        .any(|other| matches!(other.verb(), "init" | "plan") && other.program() == command.program());
    if matches!(verb, "plan" | "apply" | "destroy") && first {
        report.command(command, format!("terraform {verb} fails where init has not been run"));
    }
}

fn apply_without_plan(command: &Command<'_>, report: &mut Report<'_>) {
    let verb = command.verb();
    let saved = verb == "apply" && command.operands().len() > 1;
    if matches!(verb, "apply" | "destroy") && !saved {
        report.command(command, format!("terraform {verb} here changes things that no plan has shown"));
    }
}

fn plan_not_read(command: &Command<'_>, report: &mut Report<'_>) {
    let operands = command.operands();
    let Some((_, plan)) = operands.get(1).filter(|_| command.verb() == "apply") else { return };
    let mut same_block = command.before(report.subject).filter(|other| other.block == command.block);
    let planned = same_block.any(|other| other.verb() == "plan" && other.words.iter().any(|word| word.contains(plan)));
    if planned {
        report.command(command, format!("{plan} is applied in the block that makes it"));
    }
}

fn show_is_not_drift(command: &Command<'_>, report: &mut Report<'_>) {
    let searched =
        command.next_in_pipe(report.subject).is_some_and(|next| matches!(next.program(), "grep" | "rg" | "egrep"));
    if command.verb() == "show" && command.operands().len() == 1 && searched {
        report.command(command, "terraform show prints the state, which never holds what was modified");
    }
}
