//! Defects that are planted between the functions and AWS, to prove that the random stories find such.

use rehearsal_core::{
    stage,
    wire::{Account, Interference},
    world::journal::Call,
};
use serde_json::{Value, json};

/// What a function might do wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Defect {
    /// A function that goes forward sees the record as it was before the fence, and writes over it.
    FenceIgnored,
    /// The stopping call names the version that the release found beside the count.
    CountWithDefinition,
    /// Rollback writes the alias whatever its revision is.
    WithoutRevision,
    /// No function sees that an alarm is in `ALARM`.
    GateSkipped,
    /// Rollback takes every task set for one that has all its tasks.
    TasksImagined,
    /// Rollback gives no task set its scale back, nor looks at it.
    ScaleNotGivenBack,
}

/// A defect at work.
pub(super) struct Planted {
    defect: Option<Defect>,
    account: Account,
    /// What the newest release found on its canary.
    found: Option<Value>,
    /// The newest record without a fence.
    unfenced: Option<Value>,
}

impl Planted {
    pub(super) fn new(defect: Option<Defect>, account: Account) -> Self {
        Self {
            defect,
            account,
            found: None,
            unfenced: None,
        }
    }

    /// What it makes of a call.
    pub(super) fn interferes(&mut self, call: &Call) -> Interference {
        let is_rollback = call.principal.0 == stage::ROLLBACK;
        self.remember(&call.input["TransactItems"][0]["Put"]["Item"]);
        match self.defect {
            Some(Defect::FenceIgnored)
                if !is_rollback && call.operation == "TransactWriteItems" =>
            {
                Interference::Instead(without_conditions(&call.input))
            }
            Some(Defect::FenceIgnored) if !is_rollback && call.operation == "GetItem" => {
                self.without_fence(call)
            }
            Some(Defect::CountWithDefinition)
                if is_rollback
                    && call.operation == "UpdateService"
                    && call.input["desiredCount"] == 0
                    && call.input["taskDefinition"].is_null() =>
            {
                let mut input = call.input.clone();
                input["taskDefinition"] = self.found.clone().unwrap_or_default();
                Interference::Instead(input)
            }
            Some(Defect::WithoutRevision) if is_rollback && call.operation == "UpdateAlias" => {
                let mut input = call.input.clone();
                input["RevisionId"].take();
                Interference::Instead(input)
            }
            Some(Defect::GateSkipped) if call.operation == "DescribeAlarms" => {
                self.shown(call, |answer| each(answer, "MetricAlarms", is_calm))
            }
            Some(Defect::TasksImagined) if is_rollback && call.operation == "DescribeServices" => {
                self.shown(call, |answer| each(answer, "services", has_all_tasks))
            }
            Some(Defect::ScaleNotGivenBack)
                if is_rollback
                    && call.operation == "UpdateTaskSet"
                    && call.input["scale"]["value"] == 100.0 =>
            {
                Interference::Answer(json!({}))
            }
            Some(Defect::ScaleNotGivenBack)
                if is_rollback && call.operation == "DescribeServices" =>
            {
                self.shown(call, |answer| each(answer, "services", has_its_scale))
            }
            _ => Interference::None,
        }
    }

    fn remember(&mut self, record: &Value) {
        let found = &record["found"]["M"]["canary"]["M"]["taskDefinition"]["S"];
        if found.is_string() {
            self.found = Some(found.clone());
        }
        if !record.is_null() && !is_fenced(record) {
            self.unfenced = Some(record.clone());
        }
    }

    fn without_fence(&self, call: &Call) -> Interference {
        let answer =
            self.account
                .call_as(&call.principal, &call.service, &call.operation, &call.input);
        match (answer, &self.unfenced) {
            (Ok(mut output), Some(unfenced)) if is_fenced(&output["Item"]) => {
                output["Item"] = unfenced.clone();
                Interference::Answer(output)
            }
            _ => Interference::None,
        }
    }

    /// The answer, as a function sees it.
    fn shown(&self, call: &Call, change: impl FnOnce(&mut Value)) -> Interference {
        let answer =
            self.account
                .call_as(&call.principal, &call.service, &call.operation, &call.input);
        let Ok(mut output) = answer else {
            return Interference::None;
        };
        change(&mut output);
        Interference::Answer(output)
    }
}

fn each(of: &mut Value, member: &str, change: impl FnMut(&mut Value)) {
    let all = of[member].as_array_mut().into_iter().flatten();
    all.for_each(change);
}

fn is_calm(alarm: &mut Value) {
    alarm["StateValue"] = "OK".into();
}

fn has_all_tasks(service: &mut Value) {
    let desired = service["desiredCount"].clone();
    each(service, "taskSets", |set| {
        set["scale"]["value"] = 100.0.into();
        set["computedDesiredCount"] = desired.clone();
        set["runningCount"] = desired.clone();
        set["pendingCount"] = 0.into();
        set["stabilityStatus"] = "STEADY_STATE".into();
    });
}

fn has_its_scale(service: &mut Value) {
    each(service, "taskSets", |set| {
        if set["status"] == "PRIMARY" {
            set["scale"]["value"] = 100.0.into();
        }
    });
}

fn is_fenced(record: &Value) -> bool {
    record["phase"]["M"]["name"]["S"] == "RollingBack"
}

fn without_conditions(input: &Value) -> Value {
    let mut input = input.clone();
    let items = input["TransactItems"].as_array_mut().into_iter().flatten();
    for put in items.filter_map(|item| item["Put"].as_object_mut()) {
        put.retain(|name, _| name == "TableName" || name == "Item");
    }
    input
}
