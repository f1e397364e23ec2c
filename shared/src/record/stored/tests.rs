mod alb;
mod queue;
mod task_sets;

use std::{fs, path::PathBuf};

use serde_json::json;

use super::*;
use crate::{
    fixtures::{at, candidate, record},
    parts::{
        pair::{Counts, SetCounts},
        release::Promotion,
    },
};

/// Golden records by schema and, within it, by traffic model.
fn folder(schema: u32) -> PathBuf {
    let folder = format!("src/record/golden/schema-{schema}");
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(folder)
}

/// What versions of the suite with this schema have stored, by what it is.
fn golden(schema: u32) -> Vec<(String, Value)> {
    let models = fs::read_dir(folder(schema)).expect("there are golden records");
    models
        .flat_map(|model| stored_in(model.unwrap().path()))
        .collect()
}

fn stored_in(folder: PathBuf) -> Vec<(String, Value)> {
    let files = fs::read_dir(folder).expect("there are golden records");
    let mut golden: Vec<_> = files
        .map(|file| {
            let path = file.unwrap().path();
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            let text = fs::read_to_string(&path).unwrap();
            (name, serde_json::from_str(&text).unwrap())
        })
        .collect();
    golden.sort_by(|(a, _), (b, _)| a.cmp(b));
    golden
}

/// A new form is a new schema: raise [`SCHEMA`], leave the golden records of the last one as they are, and write those of the new one
/// with `UPDATE_GOLDEN=1 cargo test -p canary golden`.
fn assert_golden(model: &str, present: Vec<(&str, Record)>) {
    let folder = folder(SCHEMA).join(model);
    let stored = present
        .into_iter()
        .map(|(name, record)| (name.to_owned(), record.stored().unwrap()));
    let mut stored: Vec<_> = stored.collect();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::create_dir_all(&folder).unwrap();
        for (name, stored) in &stored {
            let text = serde_json::to_string_pretty(stored).unwrap() + "\n";
            fs::write(folder.join(format!("{name}.json")), text).unwrap();
        }
    }
    stored.sort_by(|(a, _), (b, _)| a.cmp(b));
    assert_eq!(stored, stored_in(folder));
}

#[test]
fn golden_records_of_every_schema_are_read_and_lose_nothing() {
    for schema in 1..=SCHEMA {
        for (name, golden) in golden(schema) {
            let record =
                Record::read(golden.clone()).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(record.schema, SCHEMA, "{name}");
            assert!(!record.is_newer());
            let stored = record.stored().unwrap();
            assert_eq!(Record::read(stored.clone()).as_ref(), Ok(&record), "{name}");
            let golden = if schema < 3 { moved(golden) } else { golden };
            assert_keeps(&name, &golden, &stored);
        }
    }
}

/// With what the third schema keeps elsewhere where it keeps it.
fn moved(mut golden: Value) -> Value {
    golden["schema"] = SCHEMA.into();
    let phase = golden["phase"].as_object_mut().expect("a phase");
    phase.remove("promotionBegun");
    let candidate = phase.get("candidate").filter(|it| it.is_object()).cloned();
    let of_model = ["stopped", "kept", "forced", "unwantedSince"];
    let restoring = of_model.map(|field| (field, phase.remove(field)));
    if let Some(candidate) = candidate {
        let registered = candidate.get("taskDefinition").cloned();
        phase.remove("candidate");
        phase.extend(registered.map(|arn| ("candidate".to_owned(), arn)));
        golden["candidate"] = candidate;
    }
    for (field, value) in restoring {
        if let Some(value) = value {
            golden["restoring"][field] = value;
        }
    }
    golden
}

fn assert_keeps(place: &str, golden: &Value, stored: &Value) {
    let Some(fields) = golden.as_object() else {
        assert_eq!(stored, golden, "{place}");
        return;
    };
    for (field, value) in fields {
        assert_keeps(&format!("{place}.{field}"), value, &stored[field]);
    }
}

#[test]
fn a_release_that_an_older_version_of_the_suite_began_is_rolled_back_from_where_it_was() {
    for (name, golden) in golden(1) {
        let record = Record::read(golden).unwrap();
        let has_candidate =
            !["deploying", "registering", "rolling-back", "rolled-back"].contains(&name.as_str());
        assert_eq!(record.candidate().is_some(), has_candidate, "{name}");
        let promotion = match name.as_str() {
            "rolling-back-first" | "rolling-back-a-promotion" => Promotion::Begun,
            "rolling-back-missing" => Promotion::Complete,
            _ => continue,
        };
        let rolling_back = record.rollback().expect("it is rolled back");
        assert_eq!(rolling_back.promotion, promotion, "{name}");
        assert_eq!(rolling_back.cause.reason, None, "{name}: a sentence only");
    }
}

#[test]
fn what_is_the_heads_is_never_taken_for_the_models() {
    for (name, golden) in golden(SCHEMA) {
        let body: crate::parts::body::Body = parse(&without_head(&golden)).unwrap();
        assert_eq!(body, Record::read(golden).unwrap().body, "{name}");
    }
}

/// What a later version may have stored.
fn newer(record: &Record, change: impl FnOnce(&mut Value)) -> Value {
    let mut stored = record.stored().unwrap();
    stored["schema"] = (SCHEMA + 1).into();
    change(&mut stored);
    stored
}

#[test]
fn what_a_later_version_has_added_is_there_again_after_a_write() {
    let stored = newer(&record().shifting(10), |it| {
        it["verdict"] = json!({"failures": 3});
        it["target"]["verdictMinutes"] = 5.into();
        let traffic = it["target"]["traffic"].as_object_mut().unwrap();
        for model in traffic.values_mut() {
            model["visibility"] = 30.into();
        }
        it["phase"]["pausedBy"] = "somebody".into();
        it["found"]["primary"]["capacity"] = "SPOT".into();
    });
    let record = Record::read(stored.clone()).unwrap();
    assert!(record.is_newer());
    assert_eq!(record.stored().unwrap(), stored);

    let fence = record.roll_back(crate::fixtures::cause(), true, at(400));
    let after = fence.stored().unwrap();
    for field in ["verdict", "target", "found"] {
        assert_eq!(after[field], stored[field]);
    }
    assert_eq!(
        (&after["schema"], &after["phase"]["name"]),
        (&stored["schema"], &json!("RollingBack"))
    );
    assert_eq!(
        after["phase"].get("pausedBy"),
        None,
        "another phase has not what the last one had"
    );
}

#[test]
fn a_phase_that_is_not_known_is_rolled_back_as_the_farthest_that_it_may_be() {
    let paused = |candidate: Value| {
        newer(&record().shifting(10), |it| {
            if candidate.is_null() {
                it["candidate"] = json!({"name": "Planned", "definition": "{}"});
            }
            it["phase"] = json!({"name": "Paused", "candidate": candidate, "by": "somebody"});
            it["images"] = json!(["another form"]);
            it["weight"] = json!("another form");
        })
    };
    let record = Record::read(paused(json!(candidate()))).unwrap();
    assert_eq!(
        record.candidate(),
        Some((&candidate()).into()),
        "whatever the weight is"
    );
    assert!(record.is_active());
    let rolling_back = record.roll_back(crate::fixtures::cause(), true, at(400));
    let promotion = rolling_back.rollback().unwrap().promotion;
    assert_eq!(promotion, Promotion::Begun);
    assert_eq!(
        rolling_back.body.found,
        crate::fixtures::record().body.found
    );

    let nothing_yet = Record::read(paused(Value::Null)).unwrap();
    assert_eq!(nothing_yet.candidate(), None);
}

#[test]
fn without_its_stable_parts_a_later_record_is_refused_by_its_schema() {
    let stored = newer(&record().shifting(10), |it| {
        it["found"] = json!("elsewhere");
    });
    let error = Record::read(stored).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the release record of orders/orders has schema 4, and this version of the suite knows schemas up to 3: invalid type: string \
         \"elsewhere\", expected a map. Deploy the version that began the release, or a later one"
    );
    let mut broken = record().stored().unwrap();
    broken["found"] = json!("elsewhere");
    let error = Record::read(broken).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the release record of orders/orders cannot be read: invalid type: string \"elsewhere\", expected a map"
    );
}

#[test]
fn a_cause_of_a_later_version_keeps_its_sentence_and_what_is_not_known_of_it() {
    let cause = json!({"name": "verdict", "chance": 0.01});
    let mut stored = record().rolled_back().stored().unwrap();
    stored["phase"]["cause"] =
        json!({"reason": cause, "what": "the canary is worse", "at": at(400)});
    let record = Record::read(stored.clone()).unwrap();
    let Phase::RolledBack { cause, .. } = &record.phase else {
        panic!("it is rolled back")
    };
    assert_eq!(
        (cause.reason.clone(), cause.to_string()),
        (None, "the canary is worse".to_owned())
    );
    assert_eq!(record.stored().unwrap(), stored);
}

#[test]
fn what_was_set_last_is_kept_with_what_was_there_before() {
    let counts = |canary| Counts { primary: 3, canary };
    let set = record()
        .shifting(50)
        .counting(counts(1), counts(3), at(300));
    let expected = SetCounts {
        from: counts(1),
        to: counts(3),
        since: at(300),
        seen: false,
    };
    assert_eq!(set.set().counts, Some(expected));
    let seen = set.counted(counts(2)).set().counts.unwrap();
    assert_eq!(
        (seen.to, seen.seen),
        (counts(2), true),
        "what is right without it"
    );
    assert_eq!(record().counted(counts(1)).set().counts, None);
}
