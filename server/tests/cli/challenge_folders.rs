//! `import` of a folder, and `export --ctfcli`.

use crate::folder::{Folder, text};

const LOGIN: &str = "name: Login
author: ada
category: web
description: |
  Log in.
value: 150
type: standard
attempts: 10
flags:
  - flag{static}
  - {type: regex, content: 'flag\\{x+\\}'}
  - {type: static, content: 'flag{any}', data: case_insensitive}
tags: [sql]
hints:
  - Try a quotation mark.
  - {content: Another one., cost: 10}
state: visible
version: \"0.1\"
next: Other
colour: red
";

const COMPOSE: &str = "services:
  web:
    build: .
    ports: [\"8080:80\"]
    depends_on: [db]
  db:
    image: mariadb:11
";

const PWN: &str = "name: Overflow
category: pwn
value: 300
state: hidden
challengectl:
  id: overflow
  difficulty: hard
  policy: {lifetime_seconds: 900}
  spec:
    containers:
      - {image: 'overflow:1', ports: [1337/tcp], capabilities: [SETUID, SETGID]}
";

fn folder() -> Folder {
    let folder = Folder::new();
    for own in ["all/web/login", "all/pwn"] {
        std::fs::create_dir_all(folder.path().join(own)).unwrap();
    }
    folder.write("all/web/login/challenge.yml", LOGIN);
    folder.write("all/web/login/docker-compose.yml", COMPOSE);
    folder.write("all/pwn/challenge.yml", PWN);
    folder
}

#[test]
fn a_folder_of_challenges_is_imported_and_imported_again() {
    let folder = folder();
    let output = folder.run(&["import", "all"]);
    assert_eq!(
        text(&output.stdout),
        "challenge Overflow: added\nchallenge Login: added\n2 challenges: 2 added, 0 updated, 0 unchanged\n"
    );
    let findings = text(&output.stderr);
    for finding in [
        "all/web/login/challenge.yml:16: ignored: hints: what it costs is left out; give it in a challenges.yml",
        "all/web/login/challenge.yml:19: ignored: next: there is no order of challenges; an export writes it again",
        "all/web/login/docker-compose.yml:3: note: services.web.build: build the image",
    ] {
        assert!(findings.contains(finding), "{findings}");
    }
    let again = folder.succeeds(&["import", "all"]);
    assert!(again.ends_with("2 challenges: 0 added, 0 updated, 2 unchanged\n"), "{again}");
    folder.write("all/pwn/challenge.yml", &PWN.replace("300", "400").replace("overflow:1", "overflow:2"));
    let changed = folder.succeeds(&["import", "all"]);
    assert!(changed.starts_with("challenge Overflow: updated (spec, points)\n"), "{changed}");
}

#[test]
fn all_challenges_are_exported_for_ctfcli_and_imported_unchanged() {
    let folder = folder();
    folder.succeeds(&["import", "challenges.yml"]);
    folder.succeeds(&["import", "all"]);
    let warm_up = "{name: Warm up, kind: text, points: 10, parts: [{flags: [{mode: text, content: 'flag{a}'}]}]}";
    folder.write("texts.yml", &format!("challenges: [{warm_up}]"));
    folder.succeeds(&["import", "texts.yml"]);
    assert_eq!(folder.succeeds(&["export", "--ctfcli", "out"]), "out: 5 challenges, with their flags\n");
    let read =
        |name: &str| std::fs::read_to_string(folder.path().join("out").join(name).join("challenge.yml")).unwrap();
    let login = read("login");
    assert!(
        login.starts_with(
            "name: \"Login\"\nauthor: \"ada\"\ncategory: \"web\"\ndescription: \"Log in.\\n\"\nvalue: 150\n"
        )
    );
    for line in
        ["next: \"Other\"", "colour: \"red\"", "attempts: 10", "logic: \"any\"", "state: \"visible\"", "flag{static}"]
    {
        assert!(login.contains(line), "{line}: {login}");
    }
    let overflow = read("overflow");
    assert!(overflow.contains("state: \"hidden\"") && overflow.contains("\"mode\":\"session\""), "{overflow}");
    let morse = read("morse-1");
    assert!(morse.contains("category: \"RF\"") && morse.contains("Modulation: cw") && !morse.contains("CQ FLAG"));

    let warm_up = read("warm-up");
    for line in ["type: \"standard\"", "value: 10", "flag{a}", "state: \"visible\""] {
        assert!(warm_up.contains(line), "{line}: {warm_up}");
    }

    let elsewhere = Folder::new();
    std::fs::rename(folder.path().join("out"), elsewhere.path().join("out")).unwrap();
    let imported = elsewhere.succeeds(&["import", "out"]);
    assert!(imported.ends_with("2 challenges: 2 added, 0 updated, 0 unchanged\n"), "{imported}");
    elsewhere.succeeds(&["export", "--ctfcli", "again"]);
    let again = |name: &str| std::fs::read_to_string(elsewhere.path().join("again").join(name).join("challenge.yml"));
    assert_eq!((again("login").unwrap(), again("overflow").unwrap()), (login, overflow));
}

#[test]
fn what_reaches_the_host_is_not_imported_and_what_needs_a_change_is_hidden() {
    let folder = folder();
    folder.write("all/web/login/docker-compose.yml", &format!("{COMPOSE}    privileged: true\n"));
    let refused = folder.fails(&["import", "all"]);
    assert!(refused.contains("all/web/login/docker-compose.yml:8: refused: services.db.privileged: "), "{refused}");
    assert!(refused.ends_with("challenge.yml: not imported\nchallengectl-server: nothing was imported\n"), "{refused}");
    let partial = folder.run(&["import", "all", "--keep-going"]);
    assert_eq!((partial.status.code(), text(&partial.stdout).lines().count()), (Some(3), 2));

    folder.write("all/web/login/docker-compose.yml", &format!("{COMPOSE}    volumes: [\"./init.sql:/init.sql\"]\n"));
    folder.succeeds(&["import", "all"]);
    folder.succeeds(&["export", "--ctfcli", "out"]);
    let login = std::fs::read_to_string(folder.path().join("out/login/challenge.yml")).unwrap();
    assert!(login.contains("state: \"hidden\""), "{login}");
    folder.write("all/web/login/docker-compose.yml", COMPOSE);
    let shown = folder.succeeds(&["import", "all"]);
    assert!(shown.contains("challenge Login: updated (enabled)"), "{shown}");
    folder.write("all/web/login/challenge.yml", &format!("{LOGIN}files: [login.zip]\n"));
    let stays = folder.succeeds(&["import", "all"]);
    assert!(stays.contains("challenge Login: updated (other_keys)"), "it stays enabled: {stays}");
    std::fs::create_dir(folder.path().join("empty")).unwrap();
    assert!(folder.fails(&["import", "empty"]).contains("there is no challenge.yml in it"));
}

#[test]
fn one_file_holds_a_whole_event_and_its_export_is_imported_unchanged() {
    let folder = Folder::new();
    let instance = "  - {name: Guest book, kind: instance, points: 150, spec: {containers: [{image: 'web:1', ports: [80/http]}]}}\n";
    folder.write("challenges.yml", &format!("{}{instance}", crate::folder::EVENT));
    let imported = folder.succeeds(&["import", "challenges.yml"]);
    assert!(imported.contains("challenge Guest book: added\n3 challenges: 3 added"), "{imported}");
    assert_eq!(folder.succeeds(&["export", "event.tar"]), "event.tar: 3 challenges, with their flags\n");
    let unchanged = "3 challenges: 0 added, 0 updated, 3 unchanged\n";
    assert!(folder.succeeds(&["import", "event.tar"]).ends_with(unchanged));
    let elsewhere = Folder::new();
    std::fs::rename(folder.path().join("event.tar"), elsewhere.path().join("event.tar")).unwrap();
    assert!(elsewhere.succeeds(&["import", "event.tar"]).contains("challenge Guest book: added"));
    assert!(elsewhere.succeeds(&["import", "event.tar"]).ends_with(unchanged), "also the flag is the same");

    folder.write("challenges.yml", &format!("{}{}", crate::folder::EVENT, instance.replace("80/http", "none")));
    let refused = folder.fails(&["import", "challenges.yml"]);
    assert!(refused.contains("challenges.yml:4: Guest book: `spec`: containers[0].ports[0]: "), "{refused}");
}
