//! The figures of the functions as tables, and what they have to reach.

use crate::table::{Cell, Report, Samples, Table};

use super::{
    Measured,
    calls::Calls,
    run::{Look, Run, milliseconds},
    subject::{LATENCY, Way},
};

/// In how much of the time of its Python counterpart a function has to have answered after a cold start.
const OF_PYTHON: f64 = 1.0 / 20.0;
/// How often the time of a function that does nothing a cold start may take beside its calls.
const OF_FLOOR: f64 = 4.0;
/// Megabytes of memory.
const MEMORY: f64 = 20.0;
/// Megabytes of a deployment package.
const PACKAGE: f64 = 4.0;
/// Round trips of a look before its report.
const TRIPS: f64 = 3.0;
/// Round trips of a rollback before its first write.
const TRIPS_TO_WRITE: f64 = 2.0;
/// Round trips between its first write, which is the record, and its last: what harms is stopped, then it looks, then follows the
/// rest.
const TRIPS_OF_WRITES: f64 = 3.0;

/// The function whose writes are timed, and the beginning of its counterpart's name.
const ROLLBACK: &str = "rollback";
/// Ours, and what a user would write instead.
const COUNTERPARTS: [(&str, &str); 2] = [
    ("shift-weight", "shift_weight.py"),
    (ROLLBACK, "rollback.py"),
];

/// Adds tables and goals.
pub(super) fn add(measured: &[Measured], report: &mut Report) {
    report.table(cold_start(measured));
    report.table(with_latency(measured));
    report.table(writes(measured));
    report.table(over_tls(measured));
    goals(measured, report);
}

impl Measured {
    fn of(&self, way: Way, figure: impl Fn(&Run) -> f64) -> Samples {
        Samples::new(self.runs[&way].iter().map(figure).collect())
    }

    fn cell(&self, way: Way, figure: impl Fn(&Run) -> f64) -> Cell {
        Cell::Samples(self.of(way, figure))
    }

    /// A count, which is the same each time unless the machine was too busy.
    fn count(&self, way: Way, figure: impl Fn(&Run) -> f64) -> Cell {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the median of small counts"
        )]
        let count = self.of(way, figure).median().round() as u64;
        Cell::Count(count)
    }

    /// Its name and the situation that it is in.
    fn title(&self) -> String {
        let name = self.subject.name;
        match &self.subject.served {
            Some(served) => format!("`{name}`, {}", served.situation.title),
            None => name.to_owned(),
        }
    }

    fn package(&self) -> Option<f64> {
        self.subject.package.map(megabytes)
    }

    /// From the process's start to its first answer.
    fn to_answer(&self, way: Way) -> Samples {
        self.of(way, |run| run.ready + run.first.took)
    }
}

fn cold_start(measured: &[Measured]) -> Table {
    let rows = measured.iter().map(|it| {
        let way = Way::Plain;
        let package = match it.package() {
            Some(package) => Cell::Number(package, 2),
            None => Cell::Text("runtime's".to_owned()),
        };
        let cells = vec![
            it.cell(way, |run| run.ready),
            it.cell(way, |run| run.first.took),
            Cell::Samples(it.to_answer(way)),
            it.cell(way, |run| run.cpu_ready),
            it.cell(way, |run| run.cpu),
            it.cell(way, Run::warm_look),
            it.cell(way, |run| run.peak),
            package,
        ];
        (it.title(), cells)
    });
    table(
        "A cold start, and looks after it; AWS answers at once".to_owned(),
        [
            "Function",
            "start → asks for work, ms",
            "first event → answer, ms",
            "start → first answer, ms",
            "CPU until it asks for work, ms",
            "CPU until the first answer, ms",
            "later event → answer, ms",
            "most memory, MB",
            "package for this machine, MB",
        ],
        rows.collect(),
        "Median (quartiles). The local account answers over HTTP on loopback; its own time is in the answers. Before it asks \
         for work a function loads its program; Python imports boto3 there. CPU is user and system time of the whole process. MB are 10⁶ bytes; the package is the zip file with the program. The Python \
         functions use awslambdaric and boto3, which Lambda's own runtime brings.",
    )
}

fn with_latency(measured: &[Measured]) -> Table {
    let rows = counted(measured).map(|it| {
        let way = Way::Slow;
        let cells = vec![
            it.count(way, |run| run.warm_median(calls)),
            it.count(way, |run| run.warm_median(trips)),
            it.cell(way, Run::warm_look),
            it.cell(way, |run| run.first.took),
            Cell::Samples(it.to_answer(way)),
        ];
        (it.title(), cells)
    });
    table(
        format!(
            "The same when every AWS call takes {} ms",
            milliseconds(LATENCY)
        ),
        [
            "Function",
            "AWS calls",
            "round trips before the report",
            "later event → answer, ms",
            "first event → answer, ms",
            "start → first answer, ms",
        ],
        rows.collect(),
        "A round trip is a call, or several at once, that others wait for. The report is the answer to CodePipeline; rollback, \
         called by an alarm, makes none, and all its round trips are counted.",
    )
}

fn writes(measured: &[Measured]) -> Table {
    let way = Way::Slow;
    let mut rows = Vec::new();
    for it in counted(measured).filter(|it| it.subject.name.starts_with(ROLLBACK)) {
        let name = it.subject.name;
        let later = vec![
            it.cell(way, |run| run.warm_median(first_write)),
            it.cell(way, |run| run.warm_median(second_write)),
            it.cell(way, |run| run.warm_median(last_write)),
            it.count(way, |run| run.warm_median(trips_to_write)),
            it.count(way, |run| run.warm_median(trips_of_writes)),
        ];
        let first = vec![
            it.cell(way, |run| first_write(&run.first)),
            it.cell(way, |run| second_write(&run.first)),
            it.cell(way, |run| last_write(&run.first)),
            it.count(way, |run| trips_to_write(&run.first)),
            it.count(way, |run| trips_of_writes(&run.first)),
        ];
        rows.push((format!("`{name}`"), later));
        rows.push((format!("`{name}`, first event of its process"), first));
    }
    table(
        format!(
            "From an alarm's event to the writes of a rollback when every AWS call takes {} ms",
            milliseconds(LATENCY)
        ),
        [
            "Function",
            "event → first write, ms",
            "event → second write, ms",
            "event → last write, ms",
            "round trips before the first write",
            "round trips from the first to the last",
        ],
        rows,
        "A write counts when it reaches AWS, half a round trip after it was made. The first is the release record; the next \
         stops what harms, before anything is looked at. That people are told is not counted.",
    )
}

fn over_tls(measured: &[Measured]) -> Table {
    let rows = counted(measured).map(|it| {
        let way = Way::Tls;
        let cells = vec![
            it.cell(way, |run| run.first.took),
            Cell::Samples(it.to_answer(way)),
            it.cell(way, |run| run.cpu),
            it.cell(way, Run::warm_look),
            it.cell(way, |run| run.peak),
            #[expect(clippy::cast_precision_loss, reason = "a few connections")]
            it.count(way, |run| run.connections as f64),
            #[expect(clippy::cast_precision_loss, reason = "a few handshakes")]
            it.count(way, |run| run.handshakes as f64),
        ];
        (it.title(), cells)
    });
    table(
        "A cold start over HTTPS; AWS answers at once".to_owned(),
        [
            "Function",
            "first event → answer, ms",
            "start → first answer, ms",
            "CPU until the first answer, ms",
            "later event → answer, ms",
            "most memory, MB",
            "connections of the first look",
            "full TLS handshakes",
        ],
        rows.collect(),
        "Each service has an address of its own, as on AWS, with a P-256 certificate. Trusted are this machine's roots and one \
         more, out of one file.",
    )
}

fn goals(measured: &[Measured], report: &mut Report) {
    let find = |name| measured.iter().find(|it| it.subject.name == name);
    for (ours, theirs) in COUNTERPARTS {
        if let (Some(our), Some(their)) = (find(ours), find(theirs)) {
            let [our, their] = [our, their].map(|it| it.to_answer(Way::Plain).median());
            report.at_most(
                format!("{ours}: start → first answer, as a part of that of {theirs}"),
                our / their,
                OF_PYTHON,
            );
        }
    }
    let floor = measured.iter().find(|it| it.subject.served.is_none());
    for it in measured.iter().filter(|it| it.subject.is_ours()) {
        let name = it.subject.name;
        if let Some(floor) = floor {
            let floor = floor.to_answer(Way::Plain).median();
            let later = it.of(Way::Plain, Run::warm_look).median();
            report.at_most(
                format!(
                    "{name}: start → first answer less a later answer, in times of a function that does nothing"
                ),
                (it.to_answer(Way::Plain).median() - later) / floor,
                OF_FLOOR,
            );
        }
        let peak = [Way::Plain, Way::Tls].map(|way| it.of(way, |run| run.peak).median());
        report.at_most(
            format!("{name}: most memory, MB"),
            peak[0].max(peak[1]),
            MEMORY,
        );
        // Packages are shipped for arm64; those of other machines are larger, and only shown.
        if let Some(package) = it.package().filter(|_| cfg!(target_arch = "aarch64")) {
            report.at_most(format!("{name}: package, MB"), package, PACKAGE);
        }
        goals_of_trips(it, report);
    }
}

fn goals_of_trips(it: &Measured, report: &mut Report) {
    let name = it.subject.name;
    let trips = |of: fn(&Look) -> f64| it.of(Way::Slow, |run| run.warm_median(of)).median();
    if name != ROLLBACK {
        report.at_most(
            format!("{name}: round trips before the report"),
            trips(self::trips),
            TRIPS,
        );
        return;
    }
    report.at_most(
        format!("{name}: round trips before the first write"),
        trips(trips_to_write),
        TRIPS_TO_WRITE,
    );
    report.at_most(
        format!("{name}: round trips from the first write to the last"),
        trips(trips_of_writes),
        TRIPS_OF_WRITES,
    );
}

/// Those that make calls.
fn counted(measured: &[Measured]) -> impl Iterator<Item = &Measured> {
    measured.iter().filter(|it| it.subject.served.is_some())
}

fn table<const N: usize>(
    title: String,
    columns: [&str; N],
    rows: Vec<(String, Vec<Cell>)>,
    note: &str,
) -> Table {
    Table {
        title,
        columns: columns.map(str::to_owned).to_vec(),
        rows,
        note: note.to_owned(),
    }
}

#[expect(clippy::cast_precision_loss, reason = "shown with two digits")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

fn calls(look: &Look) -> f64 {
    number(look.calls.as_ref().map(Calls::count))
}

fn trips(look: &Look) -> f64 {
    number(
        look.calls
            .as_ref()
            .map(|calls| calls.trips_before_report(LATENCY)),
    )
}

fn trips_to_write(look: &Look) -> f64 {
    let first = look
        .calls
        .as_ref()
        .and_then(|calls| calls.first_write(LATENCY));
    number(first.map(|(_, trips)| trips))
}

fn trips_of_writes(look: &Look) -> f64 {
    number(
        look.calls
            .as_ref()
            .map(|calls| calls.trips_of_writes(LATENCY)),
    )
}

fn first_write(look: &Look) -> f64 {
    let first = look
        .calls
        .as_ref()
        .and_then(|calls| calls.first_write(LATENCY));
    first.map_or(f64::NAN, |(at, _)| milliseconds(at))
}

fn second_write(look: &Look) -> f64 {
    let second = look.calls.as_ref().and_then(Calls::second_write);
    second.map_or(f64::NAN, milliseconds)
}

fn last_write(look: &Look) -> f64 {
    let last = look.calls.as_ref().and_then(Calls::last_write);
    last.map_or(f64::NAN, milliseconds)
}

#[expect(clippy::cast_precision_loss, reason = "a few calls")]
fn number(count: Option<usize>) -> f64 {
    count.map_or(f64::NAN, |count| count as f64)
}
