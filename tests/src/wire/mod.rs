//! AWS's wire protocols over the world.
//!
//! A request is read (`incoming`), checked against AWS's model of the operation (`model`), carried
//! out, checked again and answered in its own protocol (`answer`). One call is one lock of the
//! world: what is in the journal happened in that order.

mod answer;
mod cbor;
mod check;
mod incoming;
pub mod keys;
mod model;
mod outage;
mod polling;
mod query;
mod rest_json;
mod rest_xml;
pub mod server;
mod template;

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use http::{Request, Response};
use hyper::body::Bytes;
use serde_json::{Value, json};
use tokio::{sync::mpsc::UnboundedSender, time::Instant};

use self::{
    answer::{Envelope, Outcome},
    incoming::{Incoming, Wanted},
    polling::Polling,
};
use crate::{
    clock::Moment,
    world::{
        Effect, Fault, Identity, Principal, World, iam,
        journal::{Call, What},
        limits,
    },
};

pub use keys::access_key;
pub use model::check_input;
pub use outage::{Ailment, LATE, Outage};
pub use template::{Misfit, template_input};

/// What the journal says of a call that was neither carried out nor answered.
pub const NEVER_ANSWERED: &str = "NeverAnswered";

/// The account as something that answers HTTP requests: the world, its clock and what interferes.
///
/// Cheap to clone; all clones are one account. Time is the Tokio clock, so that a paused runtime
/// gives a virtual clock.
#[derive(Clone)]
pub struct Account {
    shared: Arc<Shared>,
}

struct Shared {
    world: Mutex<World>,
    outages: Mutex<Vec<Outage>>,
    interfere: Mutex<Interfere>,
    latency: Mutex<Duration>,
    identity: Identity,
    requests: AtomicU64,
    effects: UnboundedSender<Effect>,
    began: (Moment, Instant),
}

/// What happens to one call on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Interference {
    /// Nothing: it is carried out and answered.
    None,
    /// It is not carried out, the answer is this fault (throttling, denied, internal failure).
    Refuse(Fault),
    /// It is carried out, but the answer never arrives.
    CarryOutAndHang,
    /// It is carried out at once, and the answer takes this much longer.
    CarryOutLate(Duration),
    /// It is carried out with this input in place of its own: somebody between the function and AWS has changed it.
    Instead(Value),
    /// It is not carried out; the answer is this, which the operation might have given.
    Answer(Value),
    /// It is not carried out and never answered.
    Hang,
    /// It is judged, but not carried out; the answer says that it was, and nothing else. So the same look can
    /// be had again and again.
    Pretend,
}

/// Decides what happens to each call; called in the order in which calls arrive.
///
/// It may look at the account, but must not call [`Account::set_interference`].
pub type Interfere = Box<dyn FnMut(&Call) -> Interference + Send>;

/// How far a call got when it arrived.
enum Arrived {
    Done(Outcome),
    /// It found nothing and waits for something.
    Waits(Polling),
    Lost,
}

impl Account {
    /// An account over a world; effects are sent as they arise.
    #[must_use]
    pub fn new(world: World, effects: UnboundedSender<Effect>) -> Self {
        let began = (world.now, Instant::now());
        let identity = world.identity.clone();
        Self {
            shared: Arc::new(Shared {
                world: Mutex::new(world),
                outages: Mutex::default(),
                interfere: Mutex::new(Box::new(|_| Interference::None)),
                latency: Mutex::new(Duration::ZERO),
                identity,
                requests: AtomicU64::new(0),
                effects,
                began,
            }),
        }
    }

    /// The account's time.
    #[must_use]
    pub fn now(&self) -> Moment {
        self.shared.began.0 + self.shared.began.1.elapsed()
    }

    /// Does something with the world, at the account's time; sends the effects that arise.
    pub fn with<T>(&self, act: impl FnOnce(&mut World) -> T) -> T {
        let now = self.now();
        let mut world = self.lock();
        world.now = now;
        let result = act(&mut world);
        for effect in world.outbox.drain(..) {
            // Nobody listens any more once the rehearsal has ended.
            let _ = self.shared.effects.send(effect);
        }
        result
    }

    /// Lets the account live: ticks for ever.
    pub async fn live(&self, every: Duration) {
        loop {
            self.with(|world| world.tick(world.now));
            tokio::time::sleep(every).await;
        }
    }

    /// From now on asks this about every call, in place of what was set before.
    pub fn set_interference(&self, interfere: Interfere) {
        *lock(&self.shared.interfere) = interfere;
    }

    /// From now on an operation fails, beside all others that do.
    pub fn fail(&self, outage: Outage) {
        lock(&self.shared.outages).push(outage);
    }

    /// Every operation does what it is asked again.
    pub fn mend(&self) {
        lock(&self.shared.outages).clear();
    }

    /// From now on every call takes this long on its way, half of it there and half of it back.
    pub fn set_latency(&self, latency: Duration) {
        *lock(&self.shared.latency) = latency;
    }

    /// Calls an operation of the world (not of S3) as a principal, judged as if it came
    /// over HTTP, without interference and latency. The journal has it only if it is refused: whoever
    /// plays a consumer polls all the time.
    ///
    /// # Errors
    /// The fault that AWS would answer with.
    pub fn call_as(
        &self,
        principal: &Principal,
        service: &str,
        operation: &str,
        input: &Value,
    ) -> Result<Value, Fault> {
        let mut input = input.clone();
        model::valid_input(service, operation, &mut input)?;
        let mut call = Call {
            request_id: self.request_id(),
            principal: principal.clone(),
            region: self.shared.identity.region.clone(),
            service: service.to_owned(),
            operation: operation.to_owned(),
            input,
            fault: None,
        };
        self.with(|world| {
            admit(world, &call)
                .and_then(|()| ask(world, &call))
                .inspect_err(|fault| {
                    call.fault = Some(fault.code.clone());
                    world.note(What::Called(call.clone()));
                })
        })
    }

    /// Answers a request to any service of the account.
    ///
    /// `None` means that no answer will ever come; the caller keeps the connection open until its
    /// client gives up. Nothing is locked while a call waits, and a call whose future is dropped
    /// while it waits for messages receives none.
    pub async fn handle(&self, request: Request<Bytes>) -> Option<Response<Bytes>> {
        let there = *lock(&self.shared.latency) / 2;
        sleep(there).await;
        let (parts, body) = request.into_parts();
        let request_id = self.request_id();
        let identity = &self.shared.identity;
        let incoming = Incoming::read(&parts, &body, identity, request_id.clone());
        let protocol = incoming.protocol;
        let (arrived, interference) = self.arrive(incoming);
        let outcome = match arrived {
            Arrived::Done(outcome) => outcome,
            Arrived::Waits(polling) => polling.wait(self).await,
            Arrived::Lost => return None,
        };
        match interference {
            Interference::CarryOutAndHang => return None,
            Interference::CarryOutLate(late) => sleep(late).await,
            _ => {}
        }
        let envelope = Envelope {
            protocol,
            request_id,
            now: self.now(),
        };
        let answer = envelope.answer(outcome);
        sleep(there).await;
        Some(answer)
    }

    /// Notes a call and carries it out; also what interferes with it.
    fn arrive(&self, incoming: Incoming) -> (Arrived, Interference) {
        let Incoming {
            mut call, wanted, ..
        } = incoming;
        // Held until the call is noted, so that the journal has the order of these questions.
        let mut interfere = lock(&self.shared.interfere);
        let interference = self.outage(&call).unwrap_or_else(|| interfere(&call));
        self.with(|world| {
            if let Interference::Instead(input) = &interference {
                call.input = input.clone();
            }
            let place = world.journal.len();
            world.note(What::Called(call.clone()));
            let arrived = match &interference {
                Interference::Hang => Arrived::Lost,
                Interference::Refuse(fault) => Arrived::Done(refused(&call, fault.clone())),
                Interference::Pretend => wanted
                    .and_then(|wanted| pretend(world, &call, &wanted))
                    .unwrap_or_else(|fault| Arrived::Done(refused(&call, fault))),
                Interference::Answer(output) => Arrived::Done(Outcome::Output {
                    service: call.service.clone(),
                    operation: call.operation.clone(),
                    output: output.clone(),
                }),
                Interference::None
                | Interference::CarryOutAndHang
                | Interference::CarryOutLate(_)
                | Interference::Instead(_) => wanted
                    .and_then(|wanted| Self::carry_out(world, &call, wanted))
                    .unwrap_or_else(|fault| Arrived::Done(refused(&call, fault))),
            };
            call.fault = arrived.fault();
            if let Some(entry) = world.journal.get_mut(place) {
                entry.what = What::Called(call);
            }
            (arrived, interference)
        })
    }

    fn outage(&self, call: &Call) -> Option<Interference> {
        let now = self.now();
        let outages = lock(&self.shared.outages);
        let outage = outages.iter().find(|outage| outage.concerns(call, now))?;
        Some(outage.how.interference(call, &self.shared.identity))
    }

    fn carry_out(world: &mut World, call: &Call, wanted: Wanted) -> Result<Arrived, Fault> {
        admit(world, call)?;
        Ok(Arrived::Done(match wanted {
            Wanted::RestXml(asked) => Outcome::RestXml(rest_xml::carry_out(world, &asked)?),
            Wanted::World => {
                let output = ask(world, call)?;
                if let Some(polling) = Polling::of(world, call, &output) {
                    return Ok(Arrived::Waits(polling));
                }
                Outcome::Output {
                    service: call.service.clone(),
                    operation: call.operation.clone(),
                    output,
                }
            }
        }))
    }

    /// Not one of the world's ids: calls must not change which ids its resources get.
    fn request_id(&self) -> String {
        let number = self.shared.requests.fetch_add(1, Ordering::Relaxed) + 1;
        format!("00000000-0000-4000-8000-{number:012x}")
    }

    fn lock(&self) -> MutexGuard<'_, World> {
        lock(&self.shared.world)
    }
}

impl Arrived {
    /// The code of the fault it ended with.
    fn fault(&self) -> Option<String> {
        match self {
            Self::Done(Outcome::Fault { fault, .. }) => Some(fault.code.clone()),
            Self::Lost => Some(NEVER_ANSWERED.to_owned()),
            Self::Done(Outcome::Output { .. } | Outcome::RestXml(_)) | Self::Waits(_) => None,
        }
    }
}

/// Lets a call in that is not one too many and that its caller may make. Which of the two AWS asks first is not documented.
fn admit(world: &mut World, call: &Call) -> Result<(), Fault> {
    limits::take(world, &call.region, &call.service, &call.operation)?;
    authorize(world, call)
}

/// The wire is not encrypted, but AWS's clients take HTTPS unless told of another endpoint: to a policy
/// all calls came over TLS.
fn authorize(world: &mut World, call: &Call) -> Result<(), Fault> {
    let request = iam::Request {
        region: &call.region,
        service: &call.service,
        operation: &call.operation,
        input: &call.input,
        secure: true,
    };
    iam::authorize(world, &call.principal, &request)
}

/// Calls the world; the output fits the model.
fn ask(world: &mut World, call: &Call) -> Result<Value, Fault> {
    let mut output = world.carry_out(&call.into())?;
    model::valid_output(&call.service, &call.operation, &mut output)?;
    Ok(output)
}

/// Answers as if a call had been carried out.
fn pretend(world: &mut World, call: &Call, wanted: &Wanted) -> Result<Arrived, Fault> {
    authorize(world, call)?;
    Ok(Arrived::Done(match wanted {
        Wanted::RestXml(_) => Outcome::RestXml(rest_xml::Answer::default()),
        Wanted::World => Outcome::Output {
            service: call.service.clone(),
            operation: call.operation.clone(),
            output: json!({}),
        },
    }))
}

fn refused(call: &Call, fault: Fault) -> Outcome {
    Outcome::Fault {
        service: call.service.clone(),
        fault,
    }
}

/// A panic elsewhere is reported there; the account stays usable for the post-mortem.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// On a paused clock even a sleep of no time would let others run first.
async fn sleep(duration: Duration) {
    if !duration.is_zero() {
        tokio::time::sleep(duration).await;
    }
}
