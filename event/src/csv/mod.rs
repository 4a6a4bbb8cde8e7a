//! The legacy flags CSV.

mod frequencies;
mod rows;

use crate::draft::{Draft, Parts, Payload};
use crate::lookup::Places;
use crate::report::{Report, Reported, Scope};
use crate::values::delays::{self, Delays};
use crate::values::parameters::{self, Parameters};
use crate::values::ranges::Ranges;
use crate::{check, values::hertz};
use challengectl_common::{ChallengeName, ConferenceChange, ConferenceName, PublicView, Timestamp, Tuning};
use challengectl_waveform::{Input, Modulation};
use rows::{Row, Rows};

const CONFERENCE: &str = "conference,start,end";
const CHALLENGE: &str = "id,name,flag,module,modopt1,modopt2,minwait,maxwait,freq1,freq2,freq3";
/// The columns up to freq1; the others were never used.
const CHALLENGE_NEEDED: usize = 9;
const MODULE: usize = 3;

/// The last second of the year 9999.
const LAST_SECOND: i64 = 253_402_300_799;

/// Reads all valid rows, and reports the others.
pub(crate) fn read(text: &str, places: &Places, report: &mut Report) -> Parts {
    let mut ranges = frequencies::read(places, report);
    let mut parts = Parts::default();
    if let Some(separator) = rows::foreign_separator(text) {
        report.file().problem(1, wrong_separator(separator));
        return parts;
    }
    for (index, row) in Rows::new(text).enumerate() {
        match row {
            Ok(row) if index == 0 && !looks_like_challenge(&row) => {
                parts.conference = conference(&row, &mut report.file()).ok();
            }
            Ok(row) => {
                if index == 0 {
                    let text = format!("the first row must be `{CONFERENCE}`, with times in seconds since 1970");
                    report.file().problem(row.line, text);
                }
                let name = Some(row.column(1).trim()).filter(|name| !name.is_empty()).map(str::to_owned);
                parts.drafts.extend(challenge(&row, &mut ranges, &mut report.challenge(name)));
            }
            Err(why) => {
                report.file().problem(None, why);
            }
        }
    }
    parts.ranges = ranges.into_list();
    parts
}

fn wrong_separator(separator: &str) -> String {
    format!("the columns are separated by {separator}; save the file again as CSV with commas between the columns")
}

fn looks_like_challenge(row: &Row) -> bool {
    row.len() > 3
}

fn conference(row: &Row, scope: &mut Scope<'_>) -> Result<ConferenceChange, Reported> {
    let [name, start, stop] = row.columns(3, CONFERENCE).map_err(|why| scope.problem(row.line, why))?;
    let name = ConferenceName::new(name).map_err(|error| scope.problem(row.line, error.to_string()));
    let start = moment(start).map_err(|why| scope.problem(row.line, why));
    let stop = moment(stop).map_err(|why| scope.problem(row.line, why));
    let change = ConferenceChange {
        name: Some(Some(name?)),
        start: Some(Some(start?)),
        stop: Some(Some(stop?)),
        ..ConferenceChange::default()
    };
    check::conference(change, row.line, scope)
}

fn moment(text: &str) -> Result<Timestamp, String> {
    let seconds = text.trim().parse::<i64>().ok().filter(|seconds| (0..=LAST_SECOND).contains(seconds));
    let seconds = seconds.ok_or_else(|| {
        let rounded = text.trim().parse::<f64>().is_ok();
        let way_out = if rounded { "; give the column the format of a whole number in the spreadsheet" } else { "" };
        format!("{:?} is not a time in seconds since 1970{way_out}", shown(text))
    })?;
    Ok(Timestamp::from_millis(seconds * 1000))
}

fn challenge(row: &Row, ranges: &mut Ranges, scope: &mut Scope<'_>) -> Option<Draft> {
    let line = row.line;
    let columns = row.columns::<11>(CHALLENGE_NEEDED, CHALLENGE).and_then(|columns| in_place(row).map(|()| columns));
    let columns = columns.map_err(|why| scope.problem(line, why)).ok()?;
    let [_, name, payload, module, option, second_option, min, max, frequency, second, third] = columns;
    for (column, text) in [("modopt2", second_option), ("freq2", second), ("freq3", third)] {
        if !text.trim().is_empty() {
            scope.remark(line, format!("{column} is ignored: it was never used"));
        }
    }
    let module = parameters::modulation(module).map_err(|why| scope.problem(line, why));
    let modulation = module.map(|(modulation, _)| modulation);
    let parameters = module.and_then(|(modulation, sideband)| options(modulation, sideband, option, line, scope));
    let parameters = parameters.map(Parameters::finish);
    let mut draft = Draft {
        line,
        name: ChallengeName::new(name).map_err(|error| scope.problem(line, error.to_string())),
        modulation,
        tuning: tuning(frequency.trim(), ranges, line, scope),
        payload: modulation.map(|modulation| match modulation.input {
            Input::Text => Payload::Text(payload.to_owned()),
            Input::Audio | Input::Picture => Payload::File(payload.trim().to_owned()),
        }),
        wav_rate: parameters.as_ref().ok().and_then(|(_, rate)| *rate),
        parameters: parameters.map(|(map, _)| map),
        enabled: Ok(None),
        priority: Ok(0),
        delays: delays(min, max).map_err(|why| scope.problem(line, why)),
        public_view: Ok(PublicView::default()),
        only_on: Ok(Vec::new()),
        rest: Ok(()),
    };
    draft.rest = scope.verdict();
    Some(draft)
}

/// Checks that the module is in its column. A comma without quotes moves it to the right; the number of columns does
/// not show that if a spreadsheet has dropped empty columns at the end.
fn in_place(row: &Row) -> Result<(), String> {
    let is_module = |column: &str| parameters::modulation(column).is_ok();
    let found = row.iter().skip(MODULE + 1).position(is_module).filter(|_| !is_module(row.column(MODULE)));
    found.map_or(Ok(()), |found| {
        let (column, wanted) = (MODULE + found + 2, MODULE + 1);
        Err(format!("the module is column {column} instead of {wanted}; put \"quotes\" around a text that has commas"))
    })
}

/// Reads modopt1, whose meaning depends on the modulation.
fn options(
    modulation: &'static Modulation,
    sideband: Option<&str>,
    option: &str,
    line: u64,
    scope: &mut Scope<'_>,
) -> Result<Parameters, Reported> {
    let mut parameters = Parameters::new(modulation);
    if let Some(sideband) = sideband {
        parameters.add("mode", sideband.into(), line, scope)?;
    }
    let option = option.trim();
    let meaning = match modulation.name {
        _ if option.is_empty() => return Ok(parameters),
        "cw" => "speed",
        "pocsag" => "capcode",
        _ if modulation.input == Input::Audio => "wav_samplerate",
        name => {
            scope.remark(line, format!("modopt1 is ignored: {name} does not use it"));
            return Ok(parameters);
        }
    };
    parameters.add(meaning, option.into(), line, scope)?;
    Ok(parameters)
}

fn tuning(text: &str, ranges: &mut Ranges, line: u64, scope: &mut Scope<'_>) -> Result<Tuning, Reported> {
    if text.is_empty() {
        return Err(scope.problem(line, "it has no frequency; give freq1 in kHz, or the name of a range"));
    }
    if text.parse::<f64>().is_ok() {
        return hertz::parse_khz(text).map(Tuning::Frequency).map_err(|why| scope.problem(line, why));
    }
    ranges.find(text, line, scope).map(|range| Tuning::FrequencyRanges(vec![range]))
}

fn delays(min: &str, max: &str) -> Result<Delays, String> {
    Delays::new(delay(min)?, delay(max)?, Delays::default())
}

fn delay(text: &str) -> Result<Option<i64>, String> {
    match text.trim() {
        "" => Ok(None),
        text => match text.parse() {
            Ok(seconds) => delays::millis(seconds).map(Some),
            Err(_) => Err(format!("{:?} is not a delay in seconds", shown(text))),
        },
    }
}

/// Shortens a text to fit into a message.
fn shown(text: &str) -> String {
    text.chars().take(80).collect()
}
