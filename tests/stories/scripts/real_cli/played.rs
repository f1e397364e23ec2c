//! The programs that are played, and what plays Lambda and ECS.

use std::{
    collections::BTreeMap,
    fs,
    io::{Cursor, Write as _},
    os::unix::fs::PermissionsExt as _,
    path::Path,
    time::Duration,
};

use rehearsal_core::{
    wire::Account,
    world::{
        Effect,
        codepipeline::{self, Played},
        ecr, ecs,
        elb::{self, Checked},
        functions::{self, Ended},
    },
};
use serde_json::json;
use tokio::sync::mpsc::UnboundedReceiver;
use zip::{ZipWriter, write::SimpleFileOptions};

use super::desk::PACE;

/// The commit that is checked out.
pub(super) const COMMIT: &str = "c0ffee0000000000000000000000000000000000";

/// Leaves what Cargo would: a ZIP file for each program, the program alone without `--output-format zip`.
const CARGO: &str = r#"
[[ $1 == lambda ]] || exit 1
[[ $2 == build ]] || exit 0
zip=''
programs=()
while [[ $# -gt 0 ]]; do
  case $1 in
    --package=*) programs+=("${1#*=}") ;;
    --package) programs+=("$2"); shift ;;
    --bin) programs=("$2"); shift ;;
    zip) zip=yes ;;
  esac
  shift
done
for program in "${programs[@]}"; do
  mkdir -p "target/lambda/$program"
  if [[ -n $zip ]]; then
    cp "$MACHINE/packages/$program.zip" "target/lambda/$program/bootstrap.zip"
  else
    printf 'program' >"target/lambda/$program/bootstrap"
  fi
done
"#;

/// A push waits until the account has the image.
const DOCKER: &str = r#"
case $1 in
  login) cat >/dev/null ;;
  push)
    printf '%s' "$2" >"$MACHINE/pushed.new"
    mv "$MACHINE/pushed.new" "$MACHINE/pushed"
    while [[ -e $MACHINE/pushed ]]; do /bin/sleep 0.02; done
    ;;
esac
"#;

const GIT: &str = r#"[[ $1 != rev-parse ]] || echo "$COMMIT""#;

/// Whole seconds, so much shorter.
const SLEEP: &str = r#"exec /bin/sleep "$(printf '0.%03d' $(($1 * 1000 / PACE)))""#;

/// Writes the programs that are played into a directory.
pub(super) fn install(bin: &Path) {
    for (name, text) in [
        ("cargo", CARGO),
        ("docker", DOCKER),
        ("git", GIT),
        ("sleep", SLEEP),
    ] {
        let text = text
            .replace("$COMMIT", COMMIT)
            .replace("PACE", &PACE.to_string());
        let path = bin.join(name);
        fs::write(&path, format!("#!/usr/bin/env bash\n{text}\n")).expect("a program");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("an executable");
    }
}

/// The package of a function.
pub(super) fn package(content: &str) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let executable = SimpleFileOptions::default().unix_permissions(0o755);
    zip.start_file("bootstrap", executable).expect("a file");
    zip.write_all(content.as_bytes()).expect("its content");
    zip.finish().expect("a ZIP file").into_inner()
}

/// Takes what `docker push` has left.
pub(super) async fn take_pushes(account: Account, home: std::path::PathBuf) {
    let pushed = home.join("pushed");
    loop {
        if let Ok(reference) = fs::read_to_string(&pushed) {
            let named = ecr::Reference::of(&reference).expect("an image of ECR");
            account
                .with(|world| ecr::push(world, &named.repository, &named.tag))
                .expect("a push");
            fs::remove_file(&pushed).expect("the push");
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Carries out what the account wants done: tasks start and stop as they are told, functions answer, targets are healthy, and
/// nothing is built.
pub(super) async fn carry_out(account: Account, mut effects: UnboundedReceiver<Effect>) {
    while let Some(effect) = effects.recv().await {
        account.with(|world| match effect {
            Effect::StartTask(launch) => {
                ecs::task_running(world, &launch.task_arn);
                if launch.health_check.is_some() {
                    ecs::task_health(world, &launch.task_arn, ecs::Health::Healthy);
                }
            }
            Effect::SignalTask { task_arn, .. } => {
                ecs::task_exited(world, &task_arn, Some(0), None);
            }
            Effect::Invoke(invocation) => {
                functions::ended(world, &invocation.run, Ended::Answer(json!({})));
            }
            Effect::CheckTarget(probe) => elb::checked(world, &probe, Checked::Status(200)),
            Effect::PlayAction(action) => {
                let how = if action.provider == "S3" {
                    Played::Failed("there is no source".to_owned())
                } else {
                    Played::Succeeded(BTreeMap::new())
                };
                codepipeline::action_finished(world, &action.action_execution, how);
            }
        });
    }
}
