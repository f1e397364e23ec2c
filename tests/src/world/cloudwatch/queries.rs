//! Metric data queries, of alarms and of `GetMetricData`: metrics, and expressions over other queries.
//!
//! AWS: API reference, `MetricDataQuery`. The words of refusals are those of public reports (telegraf issue 5420, moto pull
//! request 6570) where there are any.

use std::{cell::RefCell, collections::BTreeMap};

use serde_json::Value;

use super::{
    data::dimensions,
    math::{self, Expr, Values},
    metrics::{Key, Statistic},
    refuse_others, required, validation,
};
use crate::world::Fault;

/// Queries by their ids.
#[derive(Debug)]
pub(super) struct Queries(BTreeMap<String, Query>);

#[derive(Debug)]
struct Query {
    asks: Asks,
    /// As far as it says one: seconds of metric time.
    periods: Vec<u64>,
}

#[derive(Debug)]
enum Asks {
    Metric(Series),
    Expression(Expr),
}

#[derive(Debug)]
pub(super) struct Series {
    pub(super) key: Key,
    pub(super) statistic: Statistic,
}

impl Queries {
    /// Parses a list of queries, which is a member of that name.
    pub(super) fn parse(member: &str, list: &[Value]) -> Result<Self, Fault> {
        let mut queries = BTreeMap::new();
        for (index, item) in list.iter().enumerate() {
            let id = item["Id"].as_str().unwrap_or_default();
            let place = format!("{member}.member.{}", index + 1);
            check_id(id, &place)?;
            let query = Query::parse(id, item, &place)?;
            if queries.insert(id.to_owned(), query).is_some() {
                return Err(validation(format!(
                    "The values for parameter id in {member} are not unique."
                )));
            }
        }
        let queries = Self(queries);
        for id in queries.0.keys() {
            queries.check_references(id, &mut Vec::new())?;
        }
        Ok(queries)
    }

    /// The metrics among them.
    pub(super) fn metrics(&self) -> impl Iterator<Item = &Series> {
        self.0.values().filter_map(|query| match &query.asks {
            Asks::Metric(series) => Some(series),
            Asks::Expression(_) => None,
        })
    }

    /// The metrics that a query is computed from.
    pub(super) fn metrics_of(&self, id: &str) -> Vec<&Series> {
        match self.0.get(id).map(|query| &query.asks) {
            None => Vec::new(),
            Some(Asks::Metric(series)) => vec![series],
            Some(Asks::Expression(expression)) => {
                let ids = expression.ids().into_iter();
                ids.flat_map(|id| self.metrics_of(id)).collect()
            }
        }
    }

    /// The period that a query and all that it is computed from have in common. That they need one is a limit of this
    /// account.
    pub(super) fn period_of(&self, id: &str) -> Result<u64, Fault> {
        let periods = self.periods_of(id);
        match periods.first() {
            Some(first) if periods.iter().all(|period| period == first) => Ok(*first),
            _ => Err(validation(format!(
                "All that {id} is computed from must have the same period here."
            ))),
        }
    }

    fn periods_of(&self, id: &str) -> Vec<u64> {
        let Some(query) = self.0.get(id) else {
            return Vec::new();
        };
        let mut periods = query.periods.clone();
        if let Asks::Expression(expression) = &query.asks {
            let ids = expression.ids().into_iter();
            periods.extend(ids.flat_map(|id| self.periods_of(id)));
        }
        periods
    }

    /// The values of a query in the periods that begin at these seconds of metric time, newest first, where `of` gives the
    /// values of its metrics.
    pub(super) fn values(
        &self,
        id: &str,
        seconds: &[u64],
        of: &impl Fn(&Series, u64) -> Option<f64>,
    ) -> Values {
        let computed = Computed {
            queries: self,
            seconds,
            of: |series: &Series| seconds.iter().map(|second| of(series, *second)).collect(),
            known: RefCell::default(),
        };
        computed.values(id)
    }

    /// Every id that a query is computed from exists, at least one is a metric, and none needs itself.
    fn check_references<'a>(&'a self, id: &'a str, path: &mut Vec<&'a str>) -> Result<(), Fault> {
        if path.contains(&id) {
            return Err(validation(format!("The expression {id} refers to itself.")));
        }
        let query = self.0.get(id).ok_or_else(|| {
            validation(format!(
                "Invalid metrics list: there is no element with the id {id}."
            ))
        })?;
        let Asks::Expression(expression) = &query.asks else {
            return Ok(());
        };
        let ids = expression.ids();
        if ids.is_empty() {
            return Err(validation(format!(
                "The expression {id} does not refer to any metric."
            )));
        }
        path.push(id);
        for next in ids {
            self.check_references(next, path)?;
        }
        path.pop();
        Ok(())
    }
}

impl Query {
    fn parse(id: &str, item: &Value, place: &str) -> Result<Self, Fault> {
        refuse_others(
            item,
            &[
                "Id",
                "MetricStat",
                "Expression",
                "Label",
                "ReturnData",
                "Period",
            ],
        )?;
        let mut periods: Vec<u64> = item["Period"].as_u64().into_iter().collect();
        let stat = &item["MetricStat"];
        let asks = match (stat.is_object(), item["Expression"].as_str()) {
            (true, None) => {
                refuse_others(stat, &["Metric", "Period", "Stat"])?;
                periods.extend(stat["Period"].as_u64());
                Asks::Metric(Series {
                    key: key(&stat["Metric"])?,
                    statistic: parse_statistic(stat["Stat"].as_str().unwrap_or_default())?,
                })
            }
            (false, Some(expression)) => {
                let expression = math::parse(expression).map_err(|error| {
                    validation(format!(
                        "Invalid metrics list: error in expression {id:?}: {error}."
                    ))
                })?;
                Asks::Expression(expression)
            }
            (true, Some(_)) => {
                return Err(validation(format!(
                    "The parameters {place}.Expression and {place}.MetricStat are mutually exclusive and you have \
                     specified both."
                )));
            }
            (false, None) => {
                return Err(required(&format!("{place}.MetricStat")));
            }
        };
        Ok(Self { asks, periods })
    }
}

/// Queries that refer to each other; each is computed once.
struct Computed<'a, F> {
    queries: &'a Queries,
    seconds: &'a [u64],
    of: F,
    known: RefCell<BTreeMap<String, Values>>,
}

impl<F: Fn(&Series) -> Values> Computed<'_, F> {
    fn values(&self, id: &str) -> Values {
        if let Some(known) = self.known.borrow().get(id) {
            return known.clone();
        }
        let values = match self.queries.0.get(id).map(|query| &query.asks) {
            None => vec![None; self.seconds.len()],
            Some(Asks::Metric(series)) => (self.of)(series),
            Some(Asks::Expression(expression)) => {
                expression.evaluate(self.seconds, &|id: &str| self.values(id))
            }
        };
        self.known
            .borrow_mut()
            .insert(id.to_owned(), values.clone());
        values
    }
}

/// A metric by its namespace, name and dimensions.
pub(super) fn key(metric: &Value) -> Result<Key, Fault> {
    let text = |member: &str| metric[member].as_str().ok_or_else(|| required(member));
    Ok(Key::new(
        text("Namespace")?,
        text("MetricName")?,
        dimensions(&metric["Dimensions"]),
    ))
}

pub(super) fn parse_statistic(name: &str) -> Result<Statistic, Fault> {
    Statistic::parse(name).ok_or_else(|| {
        validation(format!(
            "The local account does not have the statistic {name}; it has SampleCount, Average, \
             Sum, Minimum and Maximum."
        ))
    })
}

fn check_id(id: &str, place: &str) -> Result<(), Fault> {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if id.starts_with(|c: char| c.is_ascii_lowercase()) && id.chars().all(word) {
        Ok(())
    } else {
        Err(validation(format!(
            "The value {id} for parameter {place}.Id is not matching the expected pattern ^[a-z][a-zA-Z0-9_]*$."
        )))
    }
}
