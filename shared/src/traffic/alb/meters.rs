//! What the load balancer counts of either version's requests.

use super::Alb;
use crate::{
    evidence::meter::{Meter, Meters, Metric, Statistic},
    names::TargetGroupArn,
};

/// Both groups, by their load balancer: a group belongs to one at most.
pub(super) fn meters(alb: &Alb) -> Meters {
    let place = &alb.traffic.alb.place;
    let (primary, canary) = place.groups();
    let load_balancer = place
        .forwards()
        .next()
        .map_or("", |it| it.load_balancer_dimension());
    Meters {
        canary: Some(meter(load_balancer, canary)),
        primary: meter(load_balancer, primary),
        ended: None,
        // One publisher: AWS, once a minute, all of it.
        together: true,
    }
}

fn meter(load_balancer: &str, group: &TargetGroupArn) -> Meter {
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
