use crate::support::{Folder, assert_refused, only, remarks, transmission, wav};
use challengectl_common::{Payload, Tuning};

const FLAGS: &str = "\
conf,1713625200,1713726000

0,RTTY,flags/a.wav,usb,48000,,60,90,145650,,
1,FM,flags/a.wav,nbfm,44100,,60,90,ham_440,,
2,HAM MORSE 1,\"HAM MORSE 1: One, two\",cw,35,,60,90,909090.5,,
3,ASK,plain words,ask,,,60,90,448920,,
4,PAGER,Who?,pocsag,198916,,120,180,444500,,
5,LRS,-s 185 -p 34 -pf 1,lrs,,,,,467750,,
";

fn folder(flags: &str) -> Folder {
    Folder::new().with("event/flags.csv", flags).with("flags/a.wav", wav(48_000))
}

fn row(row: &str) -> String {
    format!("conf,1713625200,1713726000\n{row}\n")
}

#[test]
fn the_flags_of_an_event_are_read_as_they_were_meant() {
    let event = folder(FLAGS).with("frequencies.txt", "ham_440,420000,450000\n").event("event/flags.csv");
    let [rtty, fm, morse, ask, pager, lrs] = event.challenges.as_slice() else { panic!("not six challenges") };

    assert_eq!(
        (transmission(rtty).modulation.as_str(), &transmission(rtty).parameters["mode"]),
        ("ssb", &"usb".into())
    );
    assert!(matches!(&transmission(rtty).payload, Payload::File(file) if file.path == "flags/a.wav"));
    assert!(matches!(transmission(rtty).tuning, Tuning::Frequency(frequency) if frequency.hz() == 145_650_000));
    assert_eq!(transmission(fm).tuning, Tuning::FrequencyRanges(event.ranges.clone()));
    assert_eq!(transmission(morse).payload, Payload::Text("HAM MORSE 1: One, two".into()));
    assert_eq!(transmission(morse).parameters["wpm"], 16.46);
    assert!(matches!(transmission(morse).tuning, Tuning::Frequency(frequency) if frequency.hz() == 909_090_500));
    assert_eq!(ask.line, 6);
    assert_eq!(transmission(pager).parameters["capcode"], 198_916);
    assert_eq!((transmission(pager).min_delay_ms, transmission(pager).max_delay_ms), (120_000, 180_000));
    assert_eq!((transmission(lrs).min_delay_ms, transmission(lrs).max_delay_ms), (60_000, 90_000));

    let conference = event.conference.as_ref().unwrap();
    assert_eq!(conference.name.as_ref().unwrap().as_ref().unwrap().as_str(), "conf");
    assert_eq!(conference.start.flatten().unwrap().to_string(), "2024-04-20T15:00:00.000Z");
    let remarks = remarks(&event);
    assert_eq!(remarks.len(), 2, "{remarks:#?}");
    assert!(remarks[0].starts_with("4 FM: WARNING: the event file gives 44100 samples per second"));
    assert!(remarks[1].starts_with("5 HAM MORSE 1: speed 35 is on the older scale"));
}

#[test]
fn without_frequencies_txt_the_well_known_ranges_are_used() {
    let event = folder(&row("1,M,E,cw,,,60,90,ham_440,,")).event("event/flags.csv");
    assert_eq!(remarks(&event), ["2 M: frequency range \"ham_440\" is not defined; 420000000-450000000 Hz is used"]);
    let problems = folder(&row("1,M,E,cw,,,60,90,ham_4400,,")).problems("event/flags.csv");
    assert_refused(&problems, &["2 M:", "did you mean \"ham_440\"?"]);
}

#[test]
fn mistakes_in_frequencies_txt_are_reported_with_its_name() {
    let ranges = "# name,min,max\nham_440,420000\nx,1,2\ny,430000,420000\nz,430000,440000\nz,1000,2000\n";
    let folder = folder(&row("1,M,E,cw,,,60,90,z,,")).with("event/frequencies.txt", ranges);
    let refused = challengectl_event::read(&folder.path("event/flags.csv"), None).unwrap_err();
    let lines: Vec<_> = refused.0.iter().map(|problem| problem.line.unwrap()).collect();
    assert_eq!(lines, [2, 3, 4, 6], "{refused}");
    assert!(refused.0.iter().all(|problem| problem.file.ends_with("event/frequencies.txt")));
}

#[test]
fn a_comma_without_quotes_is_refused_with_the_count_and_the_way_out() {
    let problems = folder(&row("1,M,One, two,cw,35,,60,90,146550,,")).problems("event/flags.csv");
    assert_refused(
        &problems,
        &["2 M:", "module is column 5 instead of 4", "put \"quotes\" around a text that has commas"],
    );
    let problems = folder(&row("1,M,E,cw")).problems("event/flags.csv");
    assert_refused(&problems, &["2 M:", "4 columns instead of 11 (id,name,flag,module"]);
}

#[test]
fn a_quote_that_is_never_closed_is_refused() {
    let problems = folder(&row("1,M,\"E,cw,,,60,90,146550,,\n2,N,E,cw,,,60,90,146550,,")).problems("event/flags.csv");
    assert_refused(&problems, &["2 M:", "3 columns", "may never be closed"]);
}

#[test]
fn a_file_without_its_first_row_is_refused() {
    let problems = folder("1,M,E,cw,,,60,90,146550,,\n").problems("event/flags.csv");
    assert_refused(&problems, &["1 :", "the first row must be `conference,start,end`"]);
    let problems = folder("conf,today,1\n1,M,E,cw,,,60,90,146550,,\n").problems("event/flags.csv");
    assert_refused(&problems, &["1 :", "\"today\" is not a time in seconds"]);
    assert!(folder("conf,1,2\n").event("event/flags.csv").conference.is_some());
    assert_refused(&folder("").problems("event/flags.csv"), &["there are no challenges"]);
}

#[test]
fn a_module_that_does_not_exist_is_refused_by_name() {
    let problems = folder(&row("1,D,movie.ts,dvbt,,,60,90,578000,,")).problems("event/flags.csv");
    assert_refused(&problems, &["2 D:", "no modulation \"dvbt\""]);
}

#[test]
fn hertz_and_megahertz_where_kilohertz_belong_are_refused() {
    let problem =
        |frequency: &str| folder(&row(&format!("1,M,E,cw,,,60,90,{frequency},,"))).problems("event/flags.csv");
    assert_refused(&problem("146.55"), &["2 M:", "146.55 MHz is 146550"]);
    assert_refused(&problem("443925000"), &["2 M:", "443925000 Hz is 443925"]);
    assert_refused(&problem(""), &["2 M:", "no frequency"]);
    assert_refused(&problem("nan"), &["2 M:"]);
}

#[test]
fn columns_that_were_never_used_are_ignored_with_a_remark() {
    let event = folder(&row("1,L,-s 1 -p 2 -pf 1,lrs,9,8,60,90,467750,467751,467752")).event("event/flags.csv");
    assert_eq!(only(&event).line, 2);
    assert_eq!(remarks(&event).len(), 4);
}

#[test]
fn every_problem_of_a_row_is_reported() {
    let problems = folder(&row("1,/,E,cwm,,,90,60,1,,")).problems("event/flags.csv");
    assert_eq!(problems.len(), 4, "{problems:#?}");
}

/// A row of Morse and one of a pager, as the legacy programs wrote them.
const PLAIN: &str = "\
fieldcon,1795000000,1795172800
0,MORSE 1,\"CQ FLAG, ONE\",cw,35,,60,90,145550,,
1,PAGER 1,flag two,pocsag,1234567,,60,90,433925,,
";

/// Returns the specs, without their lines.
fn specs(flags: &str) -> Vec<challengectl_common::ChallengeSpec> {
    folder(flags).event("event/flags.csv").challenges.into_iter().map(|challenge| challenge.spec).collect()
}

#[test]
fn a_spreadsheet_that_adds_or_drops_empty_columns_changes_nothing() {
    let dropped = PLAIN.replace("145550,,", "145550").replace("433925,,", "433925");
    let padded = dropped.replace("1795172800", "1795172800,,,,,,").replace("145550", "145550,,,,,,");
    assert_eq!(specs(&dropped), specs(PLAIN));
    assert_eq!(specs(&padded), specs(PLAIN));
    assert_eq!(specs(&format!("{PLAIN},,,,,,,,,,\n , ,,\n")), specs(PLAIN));
    assert_eq!(specs(&format!(",,,,,,,,,,\n{PLAIN}")), specs(PLAIN));
}

#[test]
fn a_missing_frequency_is_reported_whatever_columns_the_row_has() {
    let problems = folder(&row("1,M,E,cw,,,60,90,,,,,,")).problems("event/flags.csv");
    assert_refused(&problems, &["2 M:", "it has no frequency"]);
}

#[test]
fn a_comma_without_quotes_is_explained_also_where_a_spreadsheet_dropped_columns() {
    for row in ["1,M,One, two,cw,35,,60,90,146550", "1,M,One, two, three,cw,35,,60,90,146550"] {
        let problems = folder(&self::row(row)).problems("event/flags.csv");
        assert_refused(&problems, &["2 M:", "put \"quotes\" around a text that has commas"]);
    }
}

#[test]
fn other_separators_are_named_once() {
    for (separator, name) in [(";", "semicolons"), ("\t", "tabs")] {
        let flags = PLAIN.replace("\"CQ FLAG, ONE\"", "CQ FLAG").replace(',', separator);
        let problems = folder(&flags).problems("event/flags.csv");
        assert_refused(&problems, &["1 :", &format!("separated by {name}"), "with commas between the columns"]);
        let ranges = format!("ham_440{separator}420000{separator}450000\n");
        let folder = folder(&row("1,M,E,cw,,,60,90,ham_440,,")).with("event/frequencies.txt", ranges);
        assert_refused(&folder.problems("event/flags.csv"), &[&format!("separated by {name}")]);
    }
}

#[test]
fn a_comment_has_no_influence_on_the_separator() {
    for comment in ["# our flags; 2027\n", "#our\tflags\n", "\"# ours; and theirs\"\n"] {
        let event = folder(&format!("{comment}{}", row("1,M,E,cw,,,60,90,x,,")))
            .with("event/frequencies.txt", format!("{comment}x,144000,146000\n"))
            .event("event/flags.csv");
        assert_eq!((event.challenges.len(), event.ranges.len()), (1, 1), "{comment}");
    }
    let problems = folder(&format!("# our flags, 2027\n{}", PLAIN.replace(',', ";"))).problems("event/flags.csv");
    assert_refused(&problems, &["separated by semicolons"]);
}

#[test]
fn a_row_that_is_disabled_with_a_hash_is_not_put_on_air() {
    let off = "# 3,OFF 1,flag,cw,35,,60,90,145600,,\n#3,OFF \"2,flag,cw\n \"#4\",OFF 3,flag,cw,35,,60,90,145600,,\n";
    let flags = format!("# our flags\n{}{off}2,LAST,E,cw,,,60,90,145700,,\n", PLAIN.replace("\n1,", "\n#x\n\n1,"));
    let event = folder(&flags.replace("\n \"#4\"", "\n\" #4\"")).event("event/flags.csv");
    let found: Vec<_> =
        event.challenges.iter().map(|challenge| (challenge.spec.name.as_str(), challenge.line)).collect();
    assert_eq!(found, [("MORSE 1", 3), ("PAGER 1", 6), ("LAST", 10)]);
}

#[test]
fn a_time_shortened_by_a_spreadsheet_is_refused_with_the_way_out() {
    let problems = folder(&PLAIN.replace("1795000000", "1.795E+09")).problems("event/flags.csv");
    assert_refused(
        &problems,
        &["1 :", "\"1.795E+09\" is not a time in seconds since 1970", "the format of a whole number"],
    );
}

#[test]
fn challenges_of_a_refused_range_are_not_refused_in_addition() {
    let folder = folder(&row("1,M,E,cw,,,60,90,x,,")).with("event/frequencies.txt", "x,2,1\n");
    assert_eq!(folder.problems("event/flags.csv").len(), 1);
}
