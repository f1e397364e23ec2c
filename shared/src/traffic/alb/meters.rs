//! What the load balancer counts of either version's requests.

use super::Alb;
use crate::evidence::meter::Meters;

/// Both groups.
pub(super) fn meters(alb: &Alb) -> Meters {
    let place = &alb.traffic.alb.place;
    let (primary, canary) = place.groups();
    Meters {
        canary: Some(place.meter(canary)),
        primary: place.meter(primary),
        ended: None,
        // One publisher: AWS, once a minute, all of it.
        together: true,
        called: None,
    }
}
