//! The page and its files, which are part of the program.

use hyper::body::Bytes;
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// A file that the page loads.
pub(super) struct Asset {
    name: &'static str,
    pub(super) media_type: &'static str,
    pub(super) body: &'static [u8],
}

macro_rules! assets {
    ($($name:literal: $media_type:ident),+ $(,)?) => {
        const ASSETS: &[Asset] = &[$(Asset {
            name: $name,
            media_type: $media_type,
            body: include_bytes!(concat!("page/", $name)),
        }),+];
    };
}

const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";
const PICTURE: &str = "image/svg+xml";

assets! {
    "audio.js": SCRIPT,
    "band.js": SCRIPT,
    "colours.js": SCRIPT,
    "connection.js": SCRIPT,
    "format.js": SCRIPT,
    "gestures.js": SCRIPT,
    "icon.svg": PICTURE,
    "keys.js": SCRIPT,
    "main.js": SCRIPT,
    "panel.js": SCRIPT,
    "peaks.js": SCRIPT,
    "player.js": SCRIPT,
    "receiver.js": SCRIPT,
    "recorder.js": SCRIPT,
    "scale.js": SCRIPT,
    "style.css": STYLE,
    "tuner.js": SCRIPT,
    "waterfall.js": SCRIPT,
    "words.js": SCRIPT,
    "worklet.js": SCRIPT,
}

const PAGE: &str = include_str!("page/index.html");

/// Stands in the page for the folder of its files.
const FOLDER: &str = "{folder}";

/// All files under a folder named by their digest, so that browsers may keep them for ever; they find each other in it
/// by relative names.
pub(super) struct Assets {
    folder: String,
    page: Bytes,
}

impl Assets {
    pub(super) fn new() -> Self {
        let mut digest = Sha256::new();
        ASSETS.iter().for_each(|asset| digest.update(asset.body));
        let folder = digest.finalize().iter().take(8).fold(String::new(), |mut folder, byte| {
            let _ = write!(folder, "{byte:02x}");
            folder
        });
        Self { page: PAGE.replace(FOLDER, &folder).into(), folder }
    }

    pub(super) fn page(&self) -> Bytes {
        self.page.clone()
    }

    /// Finds the file of a path below `/receive/`.
    pub(super) fn find(&self, path: &str) -> Option<&'static Asset> {
        let name = path.strip_prefix(&self.folder)?.strip_prefix('/')?;
        ASSETS.iter().find(|asset| asset.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_loads_nothing_that_is_not_there() {
        let assets = Assets::new();
        let page = std::str::from_utf8(&assets.page).unwrap().to_owned();
        let references = page.split('"').filter_map(|text| text.strip_prefix("receive/"));
        let loaded: Vec<_> = references.collect();
        assert!(loaded.len() >= 3 && loaded.iter().all(|path| assets.find(path).is_some()), "{loaded:?}");
        assert!(assets.find("main.js").is_none(), "only under the digest");
    }

    #[test]
    fn modules_import_only_what_is_there_and_no_script_or_style_is_inline() {
        for asset in ASSETS.iter().filter(|asset| asset.name.ends_with(".js")) {
            let text = std::str::from_utf8(asset.body).unwrap();
            for import in text.lines().filter_map(|line| line.split(" from \"./").nth(1)) {
                let name = import.trim_end_matches("\";");
                assert!(ASSETS.iter().any(|asset| asset.name == name), "{} imports {name}", asset.name);
            }
            assert!(!text.contains("innerHTML"), "{}", asset.name);
        }
        for inline in [" style=", "<style", " onclick=", "javascript:", "http://", "https://"] {
            assert!(!PAGE.contains(inline), "{inline}");
        }
    }
}
