use super::*;
use crate::{parts::NotBegun, traffic::begin::Beginning, words::Words};

/// What was read of a function that is in order.
fn before() -> Before {
    Before {
        source: package(),
        built_for: Some("arm64".to_owned()),
        stable: function("7", "old").into(),
        published: Published {
            latest: function(LATEST, "old"),
            version: Some(function("7", "old")),
        }
        .into(),
        mappings: vec![mapping("orders:live")],
    }
}

fn mapping(invokes: &str) -> Mapping {
    Mapping {
        id: "5b1c".to_owned(),
        invokes: format!("arn:aws:lambda:eu-central-1:111122223333:function:{invokes}"),
        reads: "arn:aws:sqs:eu-central-1:111122223333:orders".to_owned(),
        batch: 10,
        tells_items: true,
        is_off: false,
    }
}

fn begins(seen: &Seen, before: &Before) -> String {
    let id = release();
    let of = Beginning {
        now: now(),
        release: &id,
        seen,
        before: Some(before),
    };
    match model("orders").begin(of) {
        Ok(begun) => {
            assert!(
                begun.changes.is_empty(),
                "nothing is written before the record"
            );
            let released = begun.released;
            format!(
                "begins: {} in place of {}; {}",
                released.item,
                released.stable,
                begun.but.join("; ")
            )
        }
        Err(NotBegun::NothingToDo { item, .. }) => format!("nothing to do: {item}"),
        Err(NotBegun::BadRequest(why)) => format!("bad request: {why}"),
        Err(NotBegun::Wait(waiting_on)) => format!("waits: {waiting_on}"),
        Err(NotBegun::Refuse(why)) => format!("{:?}: {why}", why.failure()),
    }
}

#[test]
fn a_release_of_a_package_begins_and_says_what_it_is_worth() {
    assert_eq!(
        begins(&seen(routing(0)), &before()),
        "begins: package orders/17 (bucket artifacts) in place of version 7; mapping 5b1c hands over up to 10 messages at once: messages \
         that fail by themselves (ReportBatchItemFailures) are not counted by Lambda, so they are not seen without metrics of yours \
         (traffic.lambdaAlias.metrics)"
    );
}

#[test]
fn dead_letters_from_before_are_told_where_one_more_ends_the_release() {
    let mut seen = seen(routing(0));
    seen.dead_letters = Known::Known(Some(3));
    let said = begins(&seen, &before());
    let told = "; the dead-letter queue has 3 messages from before, and one more ends the release (maxDeadLetters is 0)";
    assert!(said.ends_with(told), "{said}");
}

/// Something that is wrong with a function or its alias.
type Wrong = (&'static str, fn(&mut Seen, &mut Before), &'static str);

#[test]
fn what_a_release_would_run_into_is_refused_by_name_before_the_first_write() {
    let cases: [Wrong; 11] = [
        (
            "weights already",
            |seen, _| seen.alias = alias(routing(10)),
            "ConfigurationError: alias orders:live has weights already: version 7, 10 % to version 8",
        ),
        (
            "$LATEST",
            |seen, _| seen.alias = alias(Routing::all(version(LATEST))),
            "ConfigurationError: alias orders:live sends its invocations to $LATEST, which changes under it",
        ),
        (
            "another role",
            |_, before| {
                "arn:aws:iam::111122223333:role/other"
                    .clone_into(&mut before.published.latest.role);
            },
            "ConfigurationError: the two versions differ in their role: version 7 has arn:aws:iam::111122223333:role/orders, the \
             candidate would have arn:aws:iam::111122223333:role/other",
        ),
        (
            "another dead-letter queue",
            |_, before| {
                before.stable.dead_letters =
                    Some("arn:aws:sqs:eu-central-1:111122223333:dead".to_owned());
            },
            "ConfigurationError: the two versions differ in their dead-letter queue: version 7 has \
             arn:aws:sqs:eu-central-1:111122223333:dead, the candidate would have none",
        ),
        (
            "a mapping past the alias",
            |_, before| before.mappings.push(mapping("orders")),
            "ConfigurationError: event source mapping 5b1c reads arn:aws:sqs:eu-central-1:111122223333:orders and invokes \
             arn:aws:lambda:eu-central-1:111122223333:function:orders, past alias orders:live",
        ),
        (
            "a mapping to another alias",
            |_, before| before.mappings = vec![mapping("orders:test")],
            "ConfigurationError: event source mapping 5b1c",
        ),
        (
            "another architecture",
            |_, before| before.built_for = Some("x86_64".to_owned()),
            "ConfigurationError: the package's program (bootstrap) is built for x86_64, and function orders runs on arm64. Build it for \
             that (cargo lambda build --arm64), then retry",
        ),
        (
            "no such version",
            |_, before| {
                before.source = Source::Published {
                    version: version("9"),
                };
                before.published.version = None;
            },
            "bad request: version 9 of function orders does not exist (UserParameters: field version)",
        ),
        (
            "an update in progress",
            |_, before| before.published.latest.update = State::Pending,
            "JobFailed: an update of function orders is in progress; wait until it is over, then retry",
        ),
        (
            "an image for a function of packages",
            |_, before| {
                before.source = Source::Code(FunctionCode::Image {
                    image: "111122223333.dkr.ecr.eu-central-1.amazonaws.com/orders:v2"
                        .try_into()
                        .unwrap(),
                    digest: "sha256:ab".to_owned(),
                });
            },
            "ConfigurationError: function orders runs packages, and the candidate is an image",
        ),
        (
            "no alias",
            |seen, _| seen.alias = Known::Gone,
            "bad request: alias orders:live does not exist (TARGET: fields function and alias)",
        ),
    ];
    assert_told(&cases);
}

#[test]
fn what_is_on_its_way_and_what_cannot_be_seen_is_waited_for() {
    let cases: [Wrong; 2] = [
        (
            "instances that are being warmed",
            |seen, _| {
                seen.provisioned = Known::Known(Some(Provisioned {
                    requested: 5,
                    available: 2,
                    state: State::Pending,
                }));
            },
            "waits: alias orders:live: 2 of 5 instances are kept warm",
        ),
        (
            "an alias that could not be seen",
            |seen, _| seen.alias = Known::nothing(),
            "waits: ",
        ),
    ];
    assert_told(&cases);
}

fn assert_told(cases: &[Wrong]) {
    for (what, change, expected) in cases {
        let (mut seen, mut before) = (seen(routing(0)), before());
        change(&mut seen, &mut before);
        let told = begins(&seen, &before);
        assert!(told.starts_with(expected), "{what}: {told}");
    }
}

#[test]
fn a_mapping_that_is_switched_off_is_in_nobodys_way() {
    let mut before = before();
    before.mappings = vec![Mapping {
        is_off: true,
        ..mapping("orders")
    }];
    assert!(begins(&seen(routing(0)), &before).starts_with("begins: "));
}

#[test]
fn what_would_run_decides_whether_there_is_something_to_do() {
    let same = |code: &str, memory: &str, source: Source| {
        let mut before = before();
        before.source = source;
        before.stable = function("7", code).into();
        before.published.latest.settings = settings(memory);
        begins(&seen(routing(0)), &before)
    };
    let nothing = "nothing to do: package orders/17 (bucket artifacts)";
    assert_eq!(same("new", "128 MB", package()), nothing);
    assert!(
        same("new", "256 MB", package()).starts_with("begins"),
        "same code, other settings"
    );
    assert!(same("old", "128 MB", package()).starts_with("begins"));
    let seven = Source::Published {
        version: version("7"),
    };
    assert_eq!(same("old", "128 MB", seven), "nothing to do: version 7");
}

/// Values of variables may be secrets, so they are told by name.
#[test]
fn what_a_candidate_changes_is_told_by_name() {
    let changes = |candidate: fn(&mut Settings)| {
        let mut before = before();
        before.stable.settings.variables = [("LEVEL", "a"), ("TOKEN", "b")]
            .map(|(name, digest)| (name.to_owned(), digest.to_owned()))
            .into();
        let mut settings = before.stable.settings.clone();
        candidate(&mut settings);
        before.published.latest.settings = settings;
        let (id, seen) = (release(), seen(routing(0)));
        let of = Beginning {
            now: now(),
            release: &id,
            seen: &seen,
            before: Some(&before),
        };
        model("orders")
            .begin(of)
            .expect("it begins")
            .released
            .changes
    };
    assert_eq!(changes(|_| ()), ["code"]);
    assert_eq!(
        changes(|it| {
            it.named = [
                ("memory", "256 MB".to_owned()),
                ("timeout", "5 s".to_owned()),
            ]
            .into();
            it.variables.remove("LEVEL");
            it.variables.insert("TOKEN".to_owned(), "c".to_owned());
            it.variables.insert("FAST_LANE".to_owned(), "d".to_owned());
            it.rest = "other".to_owned();
        }),
        [
            "code",
            "memory 128 MB to 256 MB",
            "timeout none to 5 s",
            "variable FAST_LANE is new",
            "variable LEVEL is gone",
            "variable TOKEN changes",
            "other settings",
        ]
    );
    let shown = format!("{:?}", settings("128 MB"));
    assert!(
        shown.contains("128 MB") && shown.ends_with(".. }"),
        "{shown}"
    );
}
