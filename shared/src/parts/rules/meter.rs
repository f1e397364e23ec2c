//! What a load balancer counts of the requests to a target group.

use super::Place;
use crate::{
    evidence::meter::{Meter, Metric, Statistic},
    names::TargetGroupArn,
};

impl Place {
    /// The requests to a group, by its load balancer: it belongs to one at most.
    #[must_use]
    pub fn meter(&self, group: &TargetGroupArn) -> Meter {
        let load_balancer = self.forwards().next();
        requests(
            load_balancer.map_or("", |it| it.load_balancer_dimension()),
            group,
        )
    }
}

fn requests(load_balancer: &str, group: &TargetGroupArn) -> Meter {
    let metric = |name: &str, statistic| Metric {
        namespace: "AWS/ApplicationELB".to_owned(),
        name: name.to_owned(),
        dimensions: vec![
            ("LoadBalancer".to_owned(), load_balancer.to_owned()),
            ("TargetGroup".to_owned(), group.dimension().to_owned()),
        ],
        statistic,
    };
    let well = ["2XX", "3XX", "4XX"]
        .map(|kind| metric(&format!("HTTPCode_Target_{kind}_Count"), Statistic::Sum));
    Meter::Requests {
        all: metric("RequestCount", Statistic::Sum),
        well: well.into(),
        took: metric("TargetResponseTime", Statistic::Maximum),
    }
}
