//! What a session is made with: nothing, JSON, or a form, maybe with a file. Nothing of what is sent is stored under a name
//! that its sender chose.

use crate::http::Problem;
use crate::http::extract::body::{BODY_TIMEOUT, read};
use crate::http::extract::fields::{Fields, MAX_BODY};
use crate::http::problem::Code;
use actix_multipart::{Field, Multipart, MultipartError};
use actix_web::HttpRequest;
use actix_web::dev::Payload;
use actix_web::http::header::CONTENT_TYPE;
use challengectl_coordinator::Coordinator;
use challengectl_coordinator::files::incoming::Incoming;
use futures_util::StreamExt;
use std::time::Duration;
use tokio::time::timeout;

/// Bytes of a field that is no file.
const MAX_FIELD: usize = 1024;
/// Fields of a form.
const MAX_FIELDS: usize = 16;
/// Time for a whole form: 10 MiB at 1 Mbit/s.
const FORM_TIMEOUT: Duration = Duration::from_secs(90);
/// The files that programs open.
const EXTENSIONS: [&str; 6] = ["pdb", "mol", "mol2", "xyz", "cif", "sdf"];

/// What was sent.
#[derive(Default)]
pub struct Form {
    /// A structure of the Protein Data Bank.
    pub pdb_id: Option<String>,
    /// The slug of the challenge.
    pub challenge: Option<String>,
    /// The file, with its extension.
    pub file: Option<(Incoming, &'static str)>,
}

/// Reads what was sent. Its file has at most so many bytes.
pub async fn receive(
    request: &HttpRequest,
    payload: Payload,
    coordinator: &Coordinator,
    max_file: u64,
) -> Result<Form, Problem> {
    let kind = request.headers().get(CONTENT_TYPE).map(|kind| kind.to_str().unwrap_or("?")).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if essence == "multipart/form-data" {
        let form = Multipart::new(request.headers(), payload);
        let reading = timeout(FORM_TIMEOUT, multipart(form, coordinator, max_file)).await;
        return reading.unwrap_or_else(|_| Err(Problem::too_slow(FORM_TIMEOUT)));
    }
    let body = read(request, payload, MAX_BODY).await?;
    match essence.as_str() {
        // A type without a body counts as no body.
        _ if body.is_empty() => Ok(Form::default()),
        "application/json" => json(&body),
        "application/x-www-form-urlencoded" => urlencoded(&body),
        _ => Err(Problem::invalid(
            "send nothing, or a body with Content-Type: application/json, application/x-www-form-urlencoded or \
             multipart/form-data",
        )),
    }
}

fn json(body: &[u8]) -> Result<Form, Problem> {
    let (fields, mut form) = (Fields::of_json(body)?, Form::default());
    for name in Form::KNOWN {
        if let Some(text) = fields.text(name)? {
            form.put(name, text.to_owned())?;
        }
    }
    Ok(form)
}

fn urlencoded(body: &[u8]) -> Result<Form, Problem> {
    let mut form = Form::default();
    for (name, value) in form_urlencoded::parse(body) {
        form.put(&name, value.into_owned())?;
    }
    Ok(form)
}

async fn multipart(mut parts: Multipart, coordinator: &Coordinator, max_file: u64) -> Result<Form, Problem> {
    let mut form = Form::default();
    for _ in 0..MAX_FIELDS {
        let next = timeout(BODY_TIMEOUT, parts.next()).await.map_err(|_| Problem::too_slow(BODY_TIMEOUT))?;
        let Some(field) = next else { return Ok(form) };
        let mut field = field.map_err(|error| unreadable(&error))?;
        let name = field.name().unwrap_or_default().to_owned();
        let disposition = field.content_disposition();
        let sent = disposition.and_then(|it| it.get_filename().map(str::to_owned));
        match (name.as_str(), sent) {
            ("file", Some(_)) if form.file.is_some() => return Err(Problem::invalid("file: one at most")),
            ("file", Some(sent)) => {
                let extension = extension(&sent)?;
                form.file = Some((content(&mut field, coordinator, max_file).await?, extension));
            }
            // Browsers send this for a field that was left empty.
            ("file", None) if text(&mut field).await?.is_empty() => {}
            ("file", None) => return Err(Problem::invalid("file: is no file; send it with a filename")),
            (_, Some(_)) => {
                return Err(Problem::invalid(format!("file: {name:?} is another field; a file is sent as `file`")));
            }
            (name, None) => {
                let value = text(&mut field).await?;
                form.put(name, value)?;
            }
        }
    }
    Err(Problem::invalid(format!("the form has more than {MAX_FIELDS} fields")))
}

/// Returns the extension of a file's name. The last one counts, and there may be no other one that says something else.
fn extension(sent: &str) -> Result<&'static str, Problem> {
    let refuse = || {
        Problem::invalid(format!(
            "file: the name must end with one of .{}, and have no other ending",
            EXTENSIONS.join(", .")
        ))
    };
    if sent.contains(char::is_control) || sent.len() > 255 {
        return Err(refuse());
    }
    let (_, last) = sent.rsplit_once('.').ok_or_else(refuse)?;
    EXTENSIONS.into_iter().find(|known| last.eq_ignore_ascii_case(known)).ok_or_else(refuse)
}

async fn content(field: &mut Field, coordinator: &Coordinator, max_file: u64) -> Result<Incoming, Problem> {
    let (mut content, mut over) = (coordinator.files.receive_own()?, 0);
    while let Some(piece) = timeout(BODY_TIMEOUT, field.next()).await.map_err(|_| Problem::too_slow(BODY_TIMEOUT))? {
        let piece = piece.map_err(|error| unreadable(&error))?;
        if content.size() + piece.len() as u64 <= max_file && over == 0 {
            content.write(&piece).await?;
            continue;
        }
        // Reads and drops some more: a client whose connection is closed while it sends does not read the answer.
        over += piece.len() as u64;
        if over > max_file {
            break;
        }
    }
    if over > 0 {
        return Err(Problem::new(Code::FileTooLarge).because(format!("file: at most {max_file} bytes")));
    }
    if content.size() == 0 {
        return Err(Problem::invalid("file: is empty"));
    }
    Ok(content)
}

async fn text(field: &mut Field) -> Result<String, Problem> {
    let mut bytes = Vec::new();
    while let Some(piece) = timeout(BODY_TIMEOUT, field.next()).await.map_err(|_| Problem::too_slow(BODY_TIMEOUT))? {
        bytes.extend_from_slice(&piece.map_err(|error| unreadable(&error))?);
        if bytes.len() > MAX_FIELD {
            return Err(Problem::new(Code::BodyTooLarge).because(format!("a field has at most {MAX_FIELD} bytes")));
        }
    }
    String::from_utf8(bytes).map_err(|_| Problem::invalid("a field is no UTF-8"))
}

fn unreadable(error: &MultipartError) -> Problem {
    Problem::invalid(format!("the form could not be read: {error}"))
}

impl Form {
    const KNOWN: [&str; 3] = ["pdbId", "challenge_id", "file"];

    /// Takes a field that is no file. Those that are not known are ignored.
    fn put(&mut self, name: &str, value: String) -> Result<(), Problem> {
        match name {
            "pdbId" => {
                let is_valid =
                    (4..=10).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_alphanumeric());
                if !is_valid {
                    return Err(Problem::invalid("pdbId: 4 to 10 letters and digits"));
                }
                self.pdb_id = Some(value);
            }
            "challenge_id" => self.challenge = Some(value),
            "file" => return Err(Problem::invalid("file: is no file; send it in a form of multipart/form-data")),
            _ => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_ending_of_a_name_counts() {
        for (name, expected) in [("a.pdb", "pdb"), ("A.MOL2", "mol2"), ("../../etc/a.cif", "cif"), ("a.b.xyz", "xyz")] {
            assert_eq!(extension(name).unwrap(), expected);
        }
        for name in ["", "pdb", "a.pdb.sh", "a.pdb\0", "a.pdb/", "a.pdb ", "a.exe", &format!("{}.pdb", "a".repeat(255))]
        {
            assert!(extension(name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn unknown_fields_are_ignored_and_known_ones_are_checked() {
        let form = json(br#"{"pdbId": "1abc", "owner": "eve", "ports": [1]}"#).unwrap();
        assert_eq!(form.pdb_id.as_deref(), Some("1abc"));
        for body in ["[]", "1", "\"a\"", "{", r#"{"pdbId": 1}"#, r#"{"pdbId": "1ab"}"#, r#"{"pdbId": "1abc\n"}"#] {
            assert!(json(body.as_bytes()).is_err(), "{body}");
        }
        assert!(json(format!("{{\"a\": {}1{}}}", "[".repeat(70), "]".repeat(70)).as_bytes()).is_err());
        assert_eq!(urlencoded(b"pdbId=2xyz&a=b").unwrap().pdb_id.as_deref(), Some("2xyz"));
    }
}
