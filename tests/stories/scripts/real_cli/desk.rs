//! A person's desk: a clone of the repository, the programs that it takes, and an AWS account.

use std::{
    env, fs,
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

use rehearsal_core::{
    cli::now,
    stage,
    wire::{self, Account, server},
    world::{Principal, World, ecr, ecs, journal::What},
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, runtime::Runtime, sync::mpsc::unbounded_channel};

use super::{
    super::machine::clone_infra,
    cli::{self, Cli},
    played,
};

/// How many times faster than on AWS everything goes.
pub(super) const PACE: u32 = 240;

const PERSON: &str = "person";
const PROGRAMS: [&str; 5] = [
    "deploy-canary",
    "shift-weight",
    "promote-primary",
    "rollback",
    "sample-app-lambda",
];
/// How long a script may take.
const LONGEST: Duration = Duration::from_mins(3);

pub(super) struct Desk {
    pub(super) account: Account,
    home: PathBuf,
    endpoint: String,
    _cli: Cli,
    _runtime: Runtime,
}

/// How a script ended.
pub(super) struct Ended {
    pub(super) code: Option<i32>,
    /// Standard output and standard error.
    pub(super) said: String,
}

/// A script that runs.
pub(super) struct Running {
    child: Child,
    said: PathBuf,
}

impl Desk {
    /// An empty account; `None` where there is no AWS CLI.
    pub(super) fn new() -> Option<Self> {
        static DESKS: AtomicUsize = AtomicUsize::new(0);
        let python = cli::python()?;
        let number = DESKS.fetch_add(1, Ordering::Relaxed);
        let home = env::temp_dir().join(format!("desk-{}-{number}", std::process::id()));
        for directory in ["bin", "packages"] {
            fs::create_dir_all(home.join(directory)).expect("a directory");
        }
        clone_infra(&home.join("clone"));
        fs::write(home.join("certificates"), "certificates").expect("certificates");
        played::install(&home.join("bin"));
        let (account, endpoint, runtime) = serve(&home);
        let desk = Self {
            account,
            _cli: Cli::wait(&python, &home, PACE),
            home,
            endpoint,
            _runtime: runtime,
        };
        for program in PROGRAMS {
            desk.builds(program, "first");
        }
        Some(desk)
    }

    /// What Cargo makes of a program from now on.
    pub(super) fn builds(&self, program: &str, content: &str) {
        let file = self.home.join("packages").join(format!("{program}.zip"));
        fs::write(file, played::package(content)).expect("a package");
    }

    /// Copies the package of a program to an address of S3.
    pub(super) fn copies(&self, program: &str, to: &str) {
        let file = self.home.join("packages").join(format!("{program}.zip"));
        let file = file.to_str().expect("a path");
        self.aws(&["s3", "cp", "--only-show-errors", file, to]);
    }

    /// Changes a file of `infra/`.
    pub(super) fn edits(&self, file: &str, from: &str, to: &str) {
        let path = self.home.join("clone/infra").join(file);
        let text = fs::read_to_string(&path).expect("a file of infra");
        assert!(text.contains(from), "{file} has no {from}");
        fs::write(path, text.replacen(from, to, 1)).expect("the changed file");
    }

    /// Runs `infra/SCRIPT` to its end; `typed` is what the person types.
    pub(super) fn run(&self, script: &str, options: &[&str], typed: &str) -> Ended {
        self.start(script, options, typed).ended()
    }

    /// Starts `infra/SCRIPT`, as the first of a group of processes.
    pub(super) fn start(&self, script: &str, options: &[&str], typed: &str) -> Running {
        let said = self.home.join("said");
        let output = fs::File::create(&said).expect("a file for what is said");
        fs::write(self.home.join("typed"), typed).expect("the input");
        let child = self
            .command(&self.home.join("clone/infra").join(script))
            .args(options)
            .stdin(fs::File::open(self.home.join("typed")).expect("the input"))
            .stdout(output.try_clone().expect("the same file"))
            .stderr(output)
            .process_group(0)
            .spawn()
            .expect("the script");
        Running { child, said }
    }

    fn region(&self) -> String {
        self.account.with(|world| world.identity.region.clone())
    }

    /// Calls the AWS CLI.
    pub(super) fn aws(&self, arguments: &[&str]) {
        let output = self
            .command(&self.home.join("bin/aws"))
            .args(arguments)
            .args(["--region", &self.region()])
            .stdin(Stdio::null())
            .output()
            .expect("the AWS CLI");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {said}");
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        let path = env::join_paths(
            [self.home.join("bin")]
                .into_iter()
                .chain(["/usr/bin", "/bin"].map(PathBuf::from)),
        );
        command
            .env_clear()
            .current_dir(self.home.join("clone"))
            .env("PATH", path.expect("a path"))
            .env("HOME", &self.home)
            .env("MACHINE", &self.home)
            .env("TMPDIR", &self.home)
            .env("SSL_CERT_FILE", self.home.join("certificates"))
            .env("AWS_REGION", self.region())
            .env("AWS_ACCESS_KEY_ID", wire::access_key(PERSON))
            .env("AWS_SECRET_ACCESS_KEY", "nobody-looks-at-it")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_ENDPOINT_URL", &self.endpoint);
        command
    }

    /// What an operation answers to the person.
    pub(super) fn call(&self, service: &str, operation: &str, input: &Value) -> Value {
        let person = Principal(PERSON.to_owned());
        let answer = self.account.call_as(&person, service, operation, input);
        answer.unwrap_or_else(|fault| panic!("{operation}: {}: {}", fault.code, fault.message))
    }

    /// Status of a stack; `None` if there is none.
    pub(super) fn status(&self, stack: &str) -> Option<String> {
        let person = Principal(PERSON.to_owned());
        let input = json!({ "StackName": stack });
        let answer = self
            .account
            .call_as(&person, "cloudformation", "DescribeStacks", &input);
        let status = answer.ok()?["Stacks"][0]["StackStatus"].take();
        Some(status.as_str()?.to_owned())
    }

    /// The image that a service runs.
    pub(super) fn image(&self, service: &str) -> String {
        let input = json!({ "cluster": "orders", "services": [service] });
        let services = self.call("ecs", "DescribeServices", &input);
        let definition = json!({ "taskDefinition": services["services"][0]["taskDefinition"] });
        let definition = self.call("ecs", "DescribeTaskDefinition", &definition);
        let image = &definition["taskDefinition"]["containerDefinitions"][0]["image"];
        image.as_str().expect("an image").to_owned()
    }

    /// Waits until something is so.
    pub(super) fn until(&self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let begin = Instant::now();
        while !is_so(self) {
            assert!(begin.elapsed() < LONGEST, "waited in vain until {what}");
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Stack as `DescribeStacks` tells it.
    pub(super) fn stack(&self, stack: &str) -> Value {
        let input = json!({ "StackName": stack });
        self.call("cloudformation", "DescribeStacks", &input)["Stacks"][0].take()
    }

    /// How much has happened in the account so far.
    pub(super) fn moment(&self) -> usize {
        self.account.with(|world| world.journal.len())
    }

    /// The person's calls since that change something.
    pub(super) fn changes_since(&self, moment: usize) -> Vec<String> {
        self.account.with(|world| {
            let since = world.journal.iter().skip(moment);
            let calls = since.filter_map(|entry| match &entry.what {
                What::Called(call) if call.is_write() && call.principal.0 == PERSON => {
                    Some(format!("{} {}", call.service, call.operation))
                }
                _ => None,
            });
            calls.collect()
        })
    }

    /// An output of stack `orders`.
    pub(super) fn output(&self, key: &str) -> String {
        self.member("Outputs", ("OutputKey", key), "OutputValue")
    }

    /// The value of a parameter of stack `orders`.
    pub(super) fn parameter(&self, key: &str) -> String {
        self.member("Parameters", ("ParameterKey", key), "ParameterValue")
    }

    fn member(&self, list: &str, (name, key): (&str, &str), value: &str) -> String {
        let stack = self.stack("orders");
        let members = stack[list].as_array().expect("a list");
        let found = members.iter().find(|member| member[name] == key);
        let found = found.unwrap_or_else(|| panic!("stack orders has no {key} among its {list}"));
        found[value].as_str().expect("a text").to_owned()
    }

    /// Whether executions may enter the stage of the releases.
    pub(super) fn is_open(&self) -> bool {
        let state = self.call(
            "codepipeline",
            "GetPipelineState",
            &json!({ "name": "orders-release" }),
        );
        let stages = state["stageStates"].as_array().expect("stages");
        let canary = stages
            .iter()
            .find(|stage| stage["stageName"] == "Canary")
            .expect("the stage");
        canary["inboundTransitionState"]["enabled"] == true
    }

    /// What a release leaves behind: both services run a new image. Answers it.
    pub(super) fn release(&self, tag: &str) -> String {
        let image = self.account.with(|world| {
            let repository = ecr::Repository::here(world, "orders");
            let digest = ecr::push(world, &repository, tag).expect("a push");
            format!("{}@{digest}", repository.uri())
        });
        let services = json!({ "cluster": "orders", "services": ["orders"] });
        let service = self.call("ecs", "DescribeServices", &services)["services"][0].take();
        let asked = json!({ "taskDefinition": service["taskDefinition"] });
        let mut definition =
            self.call("ecs", "DescribeTaskDefinition", &asked)["taskDefinition"].take();
        definition["containerDefinitions"][0]["image"] = image.as_str().into();
        let members = definition.as_object_mut().expect("an object");
        members.retain(|member, _| REGISTERED.contains(&member.as_str()));
        let registered = self.call("ecs", "RegisterTaskDefinition", &definition);
        for service in ["orders", "orders-canary"] {
            let input = json!({
                "cluster": "orders", "service": service,
                "taskDefinition": registered["taskDefinition"]["taskDefinitionArn"],
            });
            self.call("ecs", "UpdateService", &input);
        }
        self.until("the services are steady", |desk| {
            desk.account.with(|world| {
                ["orders", "orders-canary"]
                    .iter()
                    .all(|service| !ecs::is_deploying(world, "orders", service))
            })
        });
        image
    }

    /// Writes a file into the clone.
    pub(super) fn writes(&self, file: &str, text: &str) {
        fs::write(self.home.join("clone").join(file), text).expect("a file");
    }
}

/// What `RegisterTaskDefinition` takes of what `DescribeTaskDefinition` answers.
const REGISTERED: [&str; 9] = [
    "containerDefinitions",
    "cpu",
    "executionRoleArn",
    "family",
    "memory",
    "networkMode",
    "requiresCompatibilities",
    "runtimePlatform",
    "taskRoleArn",
];

/// An account over HTTP, with what it wants done carried out.
fn serve(home: &Path) -> (Account, String, Runtime) {
    let runtime = Runtime::new().expect("a runtime");
    let mut world = World::new(stage::identity(), now(), PACE);
    world.iam.strict = true;
    let (effects, received) = unbounded_channel();
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"));
    let listener = listener.expect("a port on loopback");
    let endpoint = format!("http://{}", listener.local_addr().expect("its address"));
    let account = Account::new(world, effects);
    runtime.spawn(server::serve(listener, account.clone()));
    runtime.spawn(played::carry_out(account.clone(), received));
    runtime.spawn(played::take_pushes(account.clone(), home.to_owned()));
    let living = account.clone();
    runtime.spawn(async move { living.live(Duration::from_millis(50)).await });
    (account, endpoint, runtime)
}

impl Drop for Desk {
    fn drop(&mut self) {
        // A directory that stays in the temp directory harms nobody.
        let _ = fs::remove_dir_all(&self.home);
    }
}

impl Running {
    /// Waits for the end.
    pub(super) fn ended(mut self) -> Ended {
        let begin = Instant::now();
        let code = loop {
            if let Some(status) = self.child.try_wait().expect("the script") {
                break status.code();
            }
            if begin.elapsed() > LONGEST {
                self.kill();
                panic!("the script does not end\n{}", self.said());
            }
            thread::sleep(Duration::from_millis(20));
        };
        Ended {
            code,
            said: self.said(),
        }
    }

    /// Kills the script with all that it has started.
    pub(super) fn kill(&mut self) {
        let group = format!("-{}", self.child.id());
        let killed = Command::new("/bin/kill")
            .args(["-KILL", "--", &group])
            .status();
        assert!(
            killed.is_ok_and(|status| status.success()),
            "cannot kill {group}"
        );
        self.child.wait().expect("the script");
    }

    fn said(&self) -> String {
        let said = fs::read(&self.said).expect("what was said");
        String::from_utf8_lossy(&said).into_owned()
    }
}

impl Ended {
    /// That it ended well; answers what it said.
    #[track_caller]
    pub(super) fn succeeded(self) -> String {
        assert_eq!(self.code, Some(0), "{}", self.said);
        self.said
    }

    /// That it ended with this code and said all of this.
    #[track_caller]
    pub(super) fn refused(self, code: i32, said: &[&str]) -> String {
        assert_eq!(self.code, Some(code), "{}", self.said);
        for part in said {
            assert!(
                self.said.contains(part),
                "expected {part}\nsaid {}",
                self.said
            );
        }
        self.said
    }
}
