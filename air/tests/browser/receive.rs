//! Every mode, over an audio worklet and over the fallback of a page without a secure context.

use crate::chromium::ELSEWHERE;
use crate::decoders::{dtmf, modem, morse, pages};
use crate::page::Page;
use crate::signals::{AM, BROADCAST, CW, DIGITS, DIT, LOWER, LSB, MORSE, NBFM, PAGE, UPPER, USB, WBFM};
use crate::site::Site;
use anyhow::{Result, bail};
use serde_json::json;
use std::path::Path;
use std::time::Duration;

/// A browser is not disturbed for ever by what else runs on the host.
const TRIES: usize = 4;

const SIZE: (u32, u32) = (1280, 900);

/// Records until both what was saved and what came out of the audio graph can be read.
async fn read_back(
    page: &mut Page,
    site: &Site,
    seconds: f64,
    expected: &str,
    decode: impl Fn(&Path) -> Result<String>,
) -> Result<()> {
    let mut read = Vec::new();
    for _ in 0..TRIES {
        let (saved, graph) = page.record(Duration::from_secs_f64(seconds), site.folder.path()).await?;
        let texts = (decode(&saved)?, decode(&graph)?);
        if texts.0.contains(expected) && texts.1.contains(expected) {
            return Ok(());
        }
        read.push(texts);
    }
    bail!("{expected:?} was not read: {read:#?}")
}

/// A page that plays, on this host name.
async fn listening(site: &Site, host: &str) -> Result<Page> {
    let mut page = Page::open(host, site.port, SIZE).await?;
    page.click("#listen").await?;
    let path = if host == ELSEWHERE { "script" } else { "worklet" };
    page.browser.wait_for(&format!("document.documentElement.dataset.player === '{path}'")).await?;
    let is_secure = page.browser.evaluate("isSecureContext").await?;
    assert_eq!(is_secure, host != ELSEWHERE, "a page of {host}");
    Ok(page)
}

async fn am(page: &mut Page, site: &Site) -> Result<()> {
    page.type_frequency("144.6").await?;
    page.browser.press("a").await?;
    assert_eq!(page.frequency().await?, AM);
    read_back(page, site, 4.5, DIGITS, dtmf).await
}

async fn nbfm(page: &mut Page, site: &Site) -> Result<()> {
    // As it is seen: a click beside it, then the arrow keys.
    page.click("#modes [value=nbfm]").await?;
    page.click_frequency(NBFM + 1_000.0).await?;
    page.leave().await?;
    page.nudge_to(NBFM).await?;
    read_back(page, site, 5.0, PAGE, pages).await
}

async fn wbfm(page: &mut Page, site: &Site) -> Result<()> {
    // From the list of signals.
    let button = "[...document.querySelectorAll('#signals button')].find((b) => b.textContent.startsWith('145.1 MHz'))";
    page.browser.wait_for(&format!("!!({button})")).await?;
    page.browser.evaluate(&format!("({button}).id = 'broadcast'")).await?;
    page.click("#broadcast").await?;
    page.click("#modes [value=wbfm]").await?;
    assert_eq!(page.frequency().await?, WBFM);
    read_back(page, site, 3.0, BROADCAST, |file| modem(file, 1200)).await
}

async fn usb(page: &mut Page, site: &Site) -> Result<()> {
    page.leave().await?;
    page.browser.press("u").await?;
    page.type_frequency("145.40025").await?;
    assert_eq!(page.frequency().await?, USB);
    read_back(page, site, 4.5, UPPER, |file| modem(file, 300)).await
}

async fn lsb(page: &mut Page, site: &Site) -> Result<()> {
    // By the wheel and the keys, zoomed in.
    page.leave().await?;
    page.browser.press("l").await?;
    page.type_frequency("145.5").await?;
    for _ in 0..8 {
        page.browser.press("ArrowUp").await?;
    }
    let (x, y) = page.place("#waterfall", 0.5, 0.7).await?;
    for _ in 0..3 {
        let wheel = json!({ "type": "mouseWheel", "x": x, "y": y, "deltaX": 0, "deltaY": -120 });
        page.browser.call("Input.dispatchMouseEvent", wheel).await?;
    }
    page.nudge_to(LSB).await?;
    read_back(page, site, 4.5, LOWER, |file| modem(file, 300)).await
}

async fn cw(page: &mut Page, site: &Site) -> Result<()> {
    // Only a click: near enough, once it is zoomed in.
    page.leave().await?;
    page.browser.press("c").await?;
    page.type_frequency("145.6").await?;
    for _ in 0..12 {
        page.click("#zoom-in").await?;
    }
    page.click_frequency(CW).await?;
    let away = (page.frequency().await? - CW).abs();
    assert!(away <= 50.0, "a click was {away} Hz beside its place");
    read_back(page, site, 10.0, MORSE, |file| morse(file, DIT)).await
}

macro_rules! modes {
    ($($path:ident: $host:expr;)*) => {
        $(mod $path {
            use super::*;
            modes!(@ $host; am nbfm wbfm usb lsb cw);
        })*
    };
    (@ $host:expr; $($mode:ident)*) => {
        $(#[tokio::test(flavor = "multi_thread")]
        async fn $mode() -> Result<()> {
            let site = Site::start().await?;
            let mut page = listening(&site, $host).await?;
            super::$mode(&mut page, &site).await?;
            assert_eq!(page.browser.complaints, Vec::<String>::new());
            Ok(())
        })*
    };
}

modes! {
    audio_worklet: "127.0.0.1";
    fallback: ELSEWHERE;
}
