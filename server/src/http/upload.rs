//! Files uploaded as `multipart/form-data`: streamed to disk, bounded in size, and never stored under a name chosen by
//! the client.

use super::Problem;
use super::extract::body::BODY_TIMEOUT;
use crate::http::problem::Code;
use actix_multipart::{Field, Multipart, MultipartError};
use actix_web::http::header::ContentDisposition;
use challengectl_coordinator::Coordinator;
use challengectl_coordinator::files::incoming::Incoming;
use futures_util::StreamExt;
use std::path::Path;
use std::time::Duration;
use tokio::time::timeout;

const MAX_NAME: usize = 255;
/// Time limit of a whole form: 1 GiB at 10 Mbit/s.
const FORM_TIMEOUT: Duration = Duration::from_secs(15 * 60);

/// Bytes of a field that is not a file.
const MAX_TEXT: usize = 4096;

/// A kind of file that can be uploaded.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// The extensions that it may have; empty: any, or none.
    extensions: &'static [&'static str],
    /// The maximum size in bytes.
    largest: u64,
}

/// Files of challenges.
pub const FILE: Kind =
    Kind { extensions: &["wav", "bin", "txt", "yml", "yaml", "py", "grc"], largest: 100 * 1024 * 1024 };
/// Files of challenges that players get, of any kind.
pub const ANY: Kind = Kind { extensions: &[], largest: 100 * 1024 * 1024 };
/// Archives of whole events; the limit is above any event's size.
pub const ARCHIVE: Kind = Kind { extensions: &["tar"], largest: 1 << 30 };

/// A part of a form.
pub struct Part {
    /// The name of the field.
    pub field: String,
    /// The name of the file, without folders.
    pub name: String,
    /// The content.
    pub content: Incoming,
}

/// A file of a form, or a text.
pub enum Item {
    File(Box<Part>),
    Text { field: String, text: String },
}

/// Reads a form within [`FORM_TIMEOUT`].
pub async fn in_time<T>(reading: impl Future<Output = Result<T, Problem>>) -> Result<T, Problem> {
    timeout(FORM_TIMEOUT, reading).await.unwrap_or_else(|_| Err(Problem::too_slow(FORM_TIMEOUT)))
}

/// Reads the next file of a form, of the kind of its field.
pub async fn next(
    form: &mut Multipart,
    coordinator: &Coordinator,
    kind: impl Fn(&str) -> Kind,
) -> Result<Option<Part>, Problem> {
    let field = timeout(BODY_TIMEOUT, form.next()).await.map_err(|_| Problem::too_slow(BODY_TIMEOUT))?;
    let Some(field) = field else { return Ok(None) };
    let mut field = field.map_err(refused)?;
    let sent = field.content_disposition().and_then(sent_name).map(|name| plain(&name));
    let name = field.name().unwrap_or_default().to_owned();
    let Some(file_name) = sent.filter(|sent| !sent.is_empty()) else {
        return Err(Problem::invalid(format!("field {name:?} is not a file; send it with a filename")));
    };
    let kind = kind(&name);
    kind.check_extension(&file_name)?;
    let content = receive(&mut field, coordinator, kind.largest).await?;
    Ok(Some(Part { field: name, name: file_name, content }))
}

/// Reads the next file of a form, or the next text.
pub async fn next_item(form: &mut Multipart, coordinator: &Coordinator, kind: Kind) -> Result<Option<Item>, Problem> {
    let field = timeout(BODY_TIMEOUT, form.next()).await.map_err(|_| Problem::too_slow(BODY_TIMEOUT))?;
    let Some(field) = field else { return Ok(None) };
    let mut field = field.map_err(refused)?;
    let sent = field.content_disposition().and_then(sent_name).map(|name| plain(&name));
    let name = field.name().unwrap_or_default().to_owned();
    let Some(file_name) = sent.filter(|sent| !sent.is_empty()) else {
        return Ok(Some(Item::Text { text: text(&mut field, &name).await?, field: name }));
    };
    kind.check_extension(&file_name)?;
    let content = receive(&mut field, coordinator, kind.largest).await?;
    Ok(Some(Item::File(Box::new(Part { field: name, name: file_name, content }))))
}

async fn text(field: &mut Field, name: &str) -> Result<String, Problem> {
    let mut bytes = Vec::new();
    while let Some(piece) = timeout(BODY_TIMEOUT, field.next()).await.map_err(|_| Problem::too_slow(BODY_TIMEOUT))? {
        bytes.extend_from_slice(&piece.map_err(refused)?);
        if bytes.len() > MAX_TEXT {
            return Err(Problem::invalid(format!("field {name:?}: more than {MAX_TEXT} bytes, and not a file")));
        }
    }
    String::from_utf8(bytes).map_err(|_| Problem::invalid(format!("field {name:?}: must be UTF-8")))
}

async fn receive(field: &mut Field, coordinator: &Coordinator, largest: u64) -> Result<Incoming, Problem> {
    let mut content = coordinator.files.receive()?;
    let mut over = 0;
    while let Some(piece) = timeout(BODY_TIMEOUT, field.next()).await.map_err(|_| Problem::too_slow(BODY_TIMEOUT))? {
        let piece = piece.map_err(refused)?;
        if content.size() + piece.len() as u64 <= largest && over == 0 {
            content.write(&piece).await?;
            continue;
        }
        // Reads and drops some more: a client whose connection is closed while it sends does not read the answer.
        over += piece.len() as u64;
        if over > largest {
            break;
        }
    }
    if over > 0 {
        let limit = format!("a file has at most {largest} bytes");
        return Err(Problem::new(Code::FileTooLarge).because(limit));
    }
    content.flush().await?;
    Ok(content)
}

/// Returns the name of a file. Clients send non-ASCII names in `filename*` (RFC 8187), some with an ASCII `filename` in
/// addition.
fn sent_name(disposition: &ContentDisposition) -> Option<String> {
    let extended = disposition.get_filename_ext().and_then(|name| match name.charset.to_string().as_str() {
        charset if charset.eq_ignore_ascii_case("utf-8") => String::from_utf8(name.value.clone()).ok(),
        charset if charset.eq_ignore_ascii_case("iso-8859-1") => Some(name.value.iter().map(|b| *b as char).collect()),
        _ => None,
    });
    extended.or_else(|| disposition.get_filename().map(str::to_owned))
}

/// Returns the last component of a name, with any separator, without control characters.
fn plain(sent: &str) -> String {
    let last = sent.rsplit(['/', '\\']).next().unwrap_or_default();
    let mut name: String = last.chars().filter(|c| !c.is_control()).collect();
    name.truncate(name.floor_char_boundary(MAX_NAME));
    name
}

impl Kind {
    fn check_extension(self, name: &str) -> Result<(), Problem> {
        let extension = Path::new(name).extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        if self.extensions.is_empty() || self.extensions.iter().any(|allowed| extension.eq_ignore_ascii_case(allowed)) {
            return Ok(());
        }
        Err(Problem::new(Code::FileTypeNotAllowed)
            .because(format!("{name:?} has none of these extensions: .{}", self.extensions.join(", ."))))
    }
}

fn refused(error: MultipartError) -> Problem {
    match error {
        MultipartError::ContentTypeMissing
        | MultipartError::ContentTypeParse
        | MultipartError::ContentTypeIncompatible => {
            Problem::new(Code::UnsupportedMediaType).because("send a form with Content-Type: multipart/form-data")
        }
        error => Problem::invalid(format!("the form could not be read: {error}")),
    }
}
