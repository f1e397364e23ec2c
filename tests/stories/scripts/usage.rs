//! What all scripts have in common.

use super::empty;
use super::machine::Machine;

#[test]
fn every_script_wants_a_recent_aws_cli_and_a_region() {
    for script in ["deploy.sh", "destroy.sh", "send-messages.sh"] {
        let machine = empty();
        machine.answers("aws --version", "aws-cli/1.31.9 Python/3.11.7 Linux/6.18");
        machine.run(script, &[], "").assert_refused(
            3,
            &["The AWS CLI is too old: version 2, or 1.33 and later, is needed; aws-cli/1.31.9 is installed."],
        );
        machine.answers("aws --version", "aws-cli/2.31.0 Python/3.13.7 Linux/6.1");
        machine.moves_to("");
        machine
            .run(script, &[], "")
            .assert_refused(3, &["No AWS Region is set."]);
    }
}

#[test]
fn every_script_tells_its_use_and_refuses_what_it_does_not_know() {
    let machine = empty();
    for script in ["deploy.sh", "destroy.sh", "send-messages.sh"] {
        machine.run(script, &["--help"], "").assert_refused(
            0,
            &[
                &format!("infra/{script} [--name NAME]"),
                "Examples:",
                "Exit codes: 0",
            ],
        );
        let hint = format!("Try: infra/{script} --help");
        for (options, said) in [
            (&["--nmae", "orders"][..], "unknown option --nmae"),
            (&["--name"], "--name needs a value"),
            (
                &["--name", "Orders_1"],
                "--name Orders_1 is not a name for the stack",
            ),
        ] {
            machine
                .run(script, options, "")
                .assert_refused(2, &[said, &hint]);
        }
    }
    for (script, option, value, said) in [
        (
            "deploy.sh",
            "--parameter",
            "GardMinutes=1",
            "--parameter GardMinutes is not a parameter of infra/main.yaml, which has: ",
        ),
        (
            "deploy.sh",
            "--parameter",
            "Image=x",
            "--parameter Image is not for people",
        ),
        (
            "deploy.sh",
            "--parameter",
            "GuardMinutes",
            "--parameter GuardMinutes is not of the form KEY=VALUE",
        ),
        (
            "send-messages.sh",
            "--count",
            "0",
            "--count 0 is not a whole number from 1 to 1000000",
        ),
        (
            "send-messages.sh",
            "--rate",
            "fast",
            "--rate fast is not a whole number from 1 to 1000",
        ),
        (
            "send-messages.sh",
            "--body",
            "a\nb",
            "--body has a line break",
        ),
    ] {
        machine
            .run(script, &[option, value], "")
            .assert_refused(2, &[said]);
    }
}

#[test]
fn the_templates_have_what_the_scripts_ask_for() {
    for (template, names) in [
        ("artifacts.yaml", &["PackageBucket", "RepositoryUri"][..]),
        (
            "main.yaml",
            &[
                "SourceBucket",
                "SourceType",
                "SourceObjectKey",
                "ConnectionArn",
                "Repository",
                "Branch",
                "NotificationEmail",
            ],
        ),
        (
            "http.yaml",
            &[
                "ListenerRuleArn",
                "PrimaryTargetGroupArn",
                "CanaryTargetGroupArn",
                "Url",
                "SourceBucket",
                "SourceType",
                "SourceObjectKey",
                "ConnectionArn",
                "Repository",
                "Branch",
                "NotificationEmail",
            ],
        ),
        (
            "task-sets.yaml",
            &[
                "ListenerRuleArn",
                "BlueTargetGroupArn",
                "GreenTargetGroupArn",
                "Stable",
                "WorkFrom",
                "Url",
                "SourceBucket",
                "NotificationEmail",
            ],
        ),
    ] {
        let text = Machine::new().template(template);
        for name in names {
            assert!(
                text.contains(&format!("\n  {name}:\n")),
                "{name} in {template}"
            );
        }
    }
}
