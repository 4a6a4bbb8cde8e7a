//! The page for those who use no mouse, see no picture, hold a phone, or lose their network.

use crate::page::Page;
use crate::site::Site;
use anyhow::Result;
use challengectl_air::browser::Settings;
use serde_json::{Value, json};

const DESK: (u32, u32) = (1280, 900);
const PHONE: (u32, u32) = (390, 844);

async fn opened(size: (u32, u32)) -> Result<(Site, Page)> {
    let site = Site::quiet(Settings::default()).await?;
    let page = Page::open("127.0.0.1", site.port, size).await?;
    Ok((site, page))
}

#[tokio::test]
async fn every_control_has_a_name_for_screen_readers() -> Result<()> {
    let (_site, mut page) = opened(DESK).await?;
    page.browser.call("Accessibility.enable", json!({})).await?;
    let tree = page.browser.call("Accessibility.getFullAXTree", json!({})).await?;
    let nodes = tree["nodes"].as_array().cloned().unwrap_or_default();
    let controls = ["button", "textbox", "slider", "checkbox", "combobox", "spinbutton", "radio", "meter", "image"];
    let value = |node: &Value, of: &str| node[of]["value"].as_str().unwrap_or_default().to_owned();
    let found: Vec<_> = nodes
        .iter()
        .filter(|node| node["ignored"] == false && controls.contains(&value(node, "role").as_str()))
        .map(|node| (value(node, "role"), value(node, "name")))
        .collect();
    assert!(found.iter().all(|(_, name)| !name.is_empty()), "{found:#?}");
    for expected in [
        ("textbox", "Frequency, MHz"),
        ("radio", "NBFM"),
        ("slider", "Volume"),
        ("meter", "Signal"),
        ("button", "Listen"),
    ] {
        assert!(
            found.iter().any(|(role, name)| (role.as_str(), name.as_str()) == expected),
            "{expected:?} in {found:#?}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn keys_work_on_the_page_and_not_inside_inputs() -> Result<()> {
    let (_site, mut page) = opened(DESK).await?;
    let mode = "document.querySelector('[name=mode]:checked').value";
    page.browser.press("u").await?;
    assert_eq!(page.browser.evaluate(mode).await?, "usb");
    page.browser.press("f").await?;
    page.browser.press("l").await?;
    assert_eq!(page.browser.evaluate(mode).await?, "usb");
    // Nor is it a frequency.
    page.browser.press("Enter").await?;
    let problem = page.browser.evaluate("document.querySelector('#problem').textContent").await?;
    assert!(problem.as_str().is_some_and(|text| text.contains("is no frequency")), "{problem}");
    page.browser.press("Escape").await?;
    assert_eq!(page.frequency().await?, 145e6);
    page.browser.press("ArrowUp").await?;
    assert_eq!(page.frequency().await?, 145_000_050.0, "an arrow in the input is a step");
    page.leave().await?;
    page.browser.press("?").await?;
    assert_eq!(page.browser.evaluate("document.querySelector('dialog').open").await?, true);
    assert_eq!(page.browser.complaints, Vec::<String>::new());
    Ok(())
}

#[tokio::test]
async fn dragging_moves_the_view_and_the_edges_of_the_passband() -> Result<()> {
    let (_site, mut page) = opened(DESK).await?;
    page.click("#here").await?;
    let (low, high) = page.view().await?;
    page.drag((0.8, 0.7), (0.7, 0.7)).await?;
    let moved = page.view().await?;
    assert!((moved.0 - low - 0.1 * (high - low)).abs() < 0.01 * (high - low), "{low} {} {high}", moved.0);
    assert_eq!(page.frequency().await?, 145e6, "a drag does not tune");

    let across = |hertz: f64| (hertz - moved.0) / (moved.1 - moved.0);
    page.drag((across(145_006_250.0), 0.7), (across(145_004_000.0), 0.7)).await?;
    let edge = page.browser.evaluate("document.querySelector('#high').valueAsNumber").await?;
    assert!(edge.as_f64().is_some_and(|edge| (edge - 4000.0).abs() < 250.0), "{edge}");
    Ok(())
}

#[tokio::test]
async fn a_phone_shows_everything_and_is_pinched() -> Result<()> {
    let (_site, mut page) = opened(PHONE).await?;
    assert_eq!(page.browser.evaluate("document.documentElement.scrollWidth <= innerWidth").await?, true);
    let small = "[...document.querySelectorAll('button, select, input[type=number]')].filter((e) => e.offsetWidth && \
                 (e.offsetHeight < 44 || e.offsetWidth < 44)).map((e) => e.id)";
    assert_eq!(page.browser.evaluate(small).await?, json!([]), "too small for fingers");
    let (low, high) = page.view().await?;
    page.pinch(0.1, 0.4).await?;
    let (zoomed_low, zoomed_high) = page.view().await?;
    let factor = (high - low) / (zoomed_high - zoomed_low);
    assert!((3.5..4.5).contains(&factor), "zoomed by {factor}");
    assert_eq!(page.frequency().await?, 145e6, "a pinch does not tune");
    page.tap(0.5, 0.7).await?;
    let middle = (zoomed_low + zoomed_high) / 2.0;
    assert!((page.frequency().await? - middle).abs() < 5_000.0);
    Ok(())
}

#[tokio::test]
async fn a_lost_connection_is_told_at_once_and_mended_with_everything_that_was_set() -> Result<()> {
    let (mut site, mut page) = opened(DESK).await?;
    page.browser.press("l").await?;
    page.type_frequency("144.321").await?;
    site.close().await;
    page.browser.wait_for("!document.querySelector('#alert').hidden").await?;
    assert_eq!(page.browser.evaluate("document.querySelector('#link').textContent").await?, "Not connected");
    site.open().await?;
    page.browser.wait_for("document.querySelector('#link').dataset.state === 'open'").await?;
    assert_eq!(page.browser.evaluate("document.querySelector('#alert').hidden").await?, true);
    assert_eq!(page.frequency().await?, 144_321_000.0);
    assert_eq!(page.browser.evaluate("document.querySelector('[name=mode]:checked').value").await?, "lsb");
    Ok(())
}

#[tokio::test]
async fn another_band_is_chosen_from_a_list() -> Result<()> {
    let (_site, mut page) = opened(DESK).await?;
    page.browser.evaluate("document.querySelector('#band').focus()").await?;
    page.browser.press("ArrowDown").await?;
    page.browser.wait_for("document.querySelector('#frequency').value === '433.500 000'").await?;
    assert_eq!(page.view().await?, (432_476_000.0, 434_524_000.0));
    Ok(())
}
