//! A shop whose function `orders` works off what comes in: its versions, who gets which, and what is counted of it.

mod aliases;
mod events;
mod invoking;
mod publishing;
mod queues;
mod rights;

use std::{
    io::{Cursor, Write},
    time::Duration,
};

use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use zip::{ZipWriter, write::SimpleFileOptions};

use crate::{
    clock::Moment,
    wire::Account,
    world::{
        Effect, Fault, Identity, Principal, World,
        functions::{Ended, Function, Invocation, create_function, ended},
        s3,
    },
};

/// An account with a function.
fn world_of(function: Function) -> World {
    let identity = Identity {
        account: "111122223333".to_owned(),
        region: "eu-central-1".to_owned(),
    };
    let mut world = World::new(identity, Moment(1_790_000_000_000), 1);
    create_function(&mut world, function).expect("a function");
    world
}

/// What is to be run.
fn invoked(world: &mut World) -> Vec<Invocation> {
    world.outbox.drain(..).map(invocation).collect()
}

fn invocation(effect: Effect) -> Invocation {
    match effect {
        Effect::Invoke(invocation) => invocation,
        other => panic!("not an invocation: {other:?}"),
    }
}

/// A package with a program.
fn package(program: &str) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default();
    archive
        .start_file("bootstrap", options)
        .and_then(|()| Ok(archive.write_all(program.as_bytes())?))
        .expect("in memory");
    archive.finish().expect("in memory").into_inner()
}

/// The shop. Its packages `v1` to `v3` are in the bucket `packages`.
struct Shop {
    account: Account,
    effects: UnboundedReceiver<Effect>,
}

impl Shop {
    fn open() -> Self {
        let mut world = world_of(Function {
            timeout: Duration::from_secs(20),
            ..Function::new("orders")
        });
        world.s3.create_bucket("packages");
        for version in ["v1", "v2", "v3"] {
            s3::put(&mut world, "packages", version, package(version)).expect("a bucket");
        }
        let (tell, effects) = unbounded_channel();
        let account = Account::new(world, tell);
        Self { account, effects }
    }

    /// With versions 1 and 2, both active, and the alias `live` of version 1.
    async fn with_two_versions() -> Self {
        let mut shop = Self::open();
        for version in ["v1", "v2"] {
            shop.publish(version).await;
        }
        shop.ask(
            "CreateAlias",
            json!({ "Name": "live", "FunctionVersion": "1" }),
        );
        shop
    }

    fn try_as(&self, who: &str, operation: &str, input: Value) -> Result<Value, Fault> {
        let mut asked = input;
        let is_of_function = !operation.ends_with("Mapping") && !operation.ends_with("Mappings");
        if is_of_function && asked["FunctionName"].is_null() {
            asked["FunctionName"] = json!("orders");
        }
        let who = Principal(who.to_owned());
        self.account.call_as(&who, "lambda", operation, &asked)
    }

    /// Asks for something of the function `orders`, if it says no other.
    fn ask(&self, operation: &str, input: Value) -> Value {
        self.try_as("operator", operation, input)
            .unwrap_or_else(|fault| panic!("{operation}: {fault:?}"))
    }

    /// Why something is refused, as `CODE: WHY`.
    fn refused(&self, operation: &str, input: Value) -> String {
        let fault = self
            .try_as("operator", operation, input)
            .expect_err("refused");
        format!("{}: {}", fault.code, fault.message)
    }

    /// Lets time go by.
    async fn passes(&self, seconds: u64) {
        for _ in 0..seconds {
            tokio::time::advance(Duration::from_secs(1)).await;
            self.account.with(|world| world.tick(world.now));
        }
    }

    /// Gives the function another code and publishes it; answers the version's number.
    async fn publish(&mut self, package: &str) -> String {
        let code = json!({ "S3Bucket": "packages", "S3Key": package });
        self.ask("UpdateFunctionCode", code);
        self.passes(3).await;
        let version = self.ask("PublishVersion", json!({}));
        self.passes(3).await;
        version["Version"].as_str().expect("a number").to_owned()
    }

    /// Shares the invocations of `live` between version 1 and version 2.
    fn weigh(&self, weight: f64) -> Value {
        let routing = json!({ "AdditionalVersionWeights": { "2": weight } });
        self.ask(
            "UpdateAlias",
            json!({ "Name": "live", "RoutingConfig": routing }),
        )
    }

    /// What is to be run.
    fn invocations(&mut self) -> Vec<Invocation> {
        let mut found = Vec::new();
        while let Ok(effect) = self.effects.try_recv() {
            found.push(invocation(effect));
        }
        found
    }

    fn ends(&self, invocation: &Invocation, how: Ended) {
        self.account
            .with(|world| ended(world, &invocation.run, how));
    }

    fn answers(&self, invocation: &Invocation, answer: Value) {
        self.ends(invocation, Ended::Answer(answer));
    }

    fn fails(&self, invocation: &Invocation) {
        self.ends(invocation, Ended::Error("Panic: out of stock".to_owned()));
    }
}
