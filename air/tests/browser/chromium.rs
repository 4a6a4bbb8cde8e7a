//! Chromium without a window, driven over its protocol for developers' tools.

use anyhow::{Context, Result, bail};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

/// A name that leads to this host and that browsers do not take for it: a page of it has no secure context, as a page
/// of a plain address in a network has none.
pub const ELSEWHERE: &str = "air.test";

/// The longest time for anything that a browser does.
const LIMIT: Duration = Duration::from_secs(60);

/// A page in a browser of its own.
pub struct Chromium {
    child: Child,
    folder: TempDir,
    socket: WebSocketStream<TcpStream>,
    last_id: u64,
    /// Errors that the browser has reported: exceptions, violations of the content security policy, failed requests.
    pub complaints: Vec<String>,
}

impl Chromium {
    /// Starts a browser of this size and opens the page, in which `script` has run before anything else.
    pub async fn open(url: &str, (width, height): (u32, u32), script: &str) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let child = Command::new("chromium")
            .args(["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"])
            .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
            .args(["--disable-extensions", "--mute-audio", "--remote-debugging-port=0"])
            .arg(format!("--host-resolver-rules=MAP {ELSEWHERE} 127.0.0.1"))
            .arg(format!("--window-size={width},{height}"))
            .arg(format!("--user-data-dir={}", folder.path().join("profile").display()))
            .arg("about:blank")
            // Caches of fonts and the like.
            .env("HOME", folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .context("chromium: apt-get install chromium")?;
        let mut browser = Start { child: Some(child), folder }.connect().await?;
        browser.prepare((width, height), script).await?;
        browser.call("Page.navigate", json!({ "url": url })).await?;
        Ok(browser)
    }

    async fn prepare(&mut self, (width, height): (u32, u32), script: &str) -> Result<()> {
        for domain in ["Page", "Runtime", "Log", "Network"] {
            self.call(&format!("{domain}.enable"), json!({})).await?;
        }
        let downloads = json!({ "behavior": "allow", "downloadPath": self.downloads() });
        self.call("Browser.setDownloadBehavior", downloads).await?;
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.call("Emulation.setDeviceMetricsOverride", size).await?;
        self.call("Page.addScriptToEvaluateOnNewDocument", json!({ "source": script })).await?;
        Ok(())
    }

    /// Returns the folder of downloads.
    pub fn downloads(&self) -> PathBuf {
        self.folder.path().join("downloads")
    }

    /// Calls a method of the protocol.
    pub async fn call(&mut self, method: &str, parameters: Value) -> Result<Value> {
        self.last_id += 1;
        let id = self.last_id;
        let request = json!({ "id": id, "method": method, "params": parameters });
        self.socket.send(Message::text(request.to_string())).await?;
        loop {
            let message = tokio::time::timeout(LIMIT, self.socket.next()).await.context(method.to_owned())?;
            let Message::Text(text) = message.context("the browser has gone")?? else { continue };
            let mut answer: Value = serde_json::from_str(&text)?;
            if answer["id"] != id {
                self.complaints.extend(complaint(&answer));
                continue;
            }
            if let Some(error) = answer.get("error") {
                bail!("{method}: {error}");
            }
            return Ok(answer["result"].take());
        }
    }

    /// Returns the value of an expression in the page.
    pub async fn evaluate(&mut self, expression: &str) -> Result<Value> {
        let parameters = json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        let mut result = self.call("Runtime.evaluate", parameters).await?;
        if let Some(exception) = result.get("exceptionDetails") {
            bail!("{expression}: {exception}");
        }
        Ok(result["result"]["value"].take())
    }

    /// Waits until an expression is true.
    pub async fn wait_for(&mut self, expression: &str) -> Result<()> {
        let waiting = async {
            while self.evaluate(expression).await? != true {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            Ok(())
        };
        match tokio::time::timeout(LIMIT, waiting).await {
            Ok(result) => result,
            Err(_) => bail!("{expression}: not true after {LIMIT:?}; {:?}", self.complaints),
        }
    }

    /// Moves the mouse to a place of the page and clicks.
    pub async fn click_at(&mut self, x: f64, y: f64) -> Result<()> {
        for (kind, buttons) in [("mouseMoved", 0), ("mousePressed", 1), ("mouseReleased", 0)] {
            self.mouse(kind, x, y, buttons).await?;
        }
        Ok(())
    }

    /// Sends an event of the left button.
    pub async fn mouse(&mut self, kind: &str, x: f64, y: f64, buttons: u32) -> Result<()> {
        let button = if kind == "mouseMoved" && buttons == 0 { "none" } else { "left" };
        let event = json!({ "type": kind, "x": x, "y": y, "button": button, "buttons": buttons, "clickCount": 1 });
        self.call("Input.dispatchMouseEvent", event).await?;
        Ok(())
    }

    /// Presses and releases a key by its name, as `ArrowLeft` or `n`.
    pub async fn press(&mut self, key: &str) -> Result<()> {
        let is_text = key.chars().count() == 1;
        let code = match key {
            "Enter" => 13,
            "Escape" => 27,
            "Tab" => 9,
            "ArrowLeft" => 37,
            "ArrowUp" => 38,
            "ArrowRight" => 39,
            "ArrowDown" => 40,
            "," => 188,
            "." => 190,
            _ => u32::from(key.chars().next().unwrap_or_default().to_ascii_uppercase()),
        };
        let text = if is_text { key } else { "" };
        let text = if key == "Enter" { "\r" } else { text };
        for kind in ["keyDown", "keyUp"] {
            let event = json!({ "type": kind, "key": key, "windowsVirtualKeyCode": code, "text": text });
            self.call("Input.dispatchKeyEvent", event).await?;
        }
        Ok(())
    }
}

/// Decodes base64, by the program that every system has.
pub fn decoded(text: &str) -> Result<Vec<u8>> {
    use std::io::Write;
    let mut child = Command::new("base64").arg("-d").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let mut stdin = child.stdin.take().context("no standard input")?;
    let text = text.to_owned();
    let writer = std::thread::spawn(move || stdin.write_all(text.as_bytes()));
    let output = child.wait_with_output()?;
    writer.join().map_err(|_| anyhow::anyhow!("base64"))??;
    Ok(output.stdout)
}

impl Drop for Chromium {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A browser that has been started and is not connected yet.
struct Start {
    child: Option<Child>,
    folder: TempDir,
}

impl Start {
    async fn connect(mut self) -> Result<Chromium> {
        let port = self.port().await?;
        let list = get(port, "/json").await?;
        let pages: Value = serde_json::from_str(&list)?;
        let page = pages.as_array().into_iter().flatten().find(|page| page["type"] == "page").context("no page")?;
        let url = page["webSocketDebuggerUrl"].as_str().context("no address")?.to_owned();
        let stream = TcpStream::connect(("127.0.0.1", port)).await?;
        let (socket, _) = tokio_tungstenite::client_async_with_config(url, stream, Some(unbounded())).await?;
        let child = self.child.take().context("connected already")?;
        let folder = std::mem::replace(&mut self.folder, tempfile::tempdir()?);
        Ok(Chromium { child, folder, socket, last_id: 0, complaints: Vec::new() })
    }

    /// Returns the port that the browser writes to standard error when it listens. All that it writes is read until it ends.
    async fn port(&mut self) -> Result<u16> {
        let errors = self.child.as_mut().and_then(|child| child.stderr.take()).context("no standard error")?;
        let (sender, port) = tokio::sync::oneshot::channel();
        std::thread::spawn(move || {
            let mut sender = Some(sender);
            for line in BufReader::new(errors).lines().map_while(Result::ok) {
                if let Some(sender) = line.contains("DevTools listening on ").then(|| sender.take()).flatten() {
                    let _ = sender.send(line);
                }
            }
        });
        let line = tokio::time::timeout(LIMIT, port).await.context("chromium does not listen")?;
        let line = line.context("chromium has ended")?;
        let address = line.split_once("ws://").and_then(|(_, rest)| rest.split_once('/')).context(line.clone())?.0;
        Ok(address.rsplit_once(':').context(line.clone())?.1.parse()?)
    }
}

impl Drop for Start {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn unbounded() -> tokio_tungstenite::tungstenite::protocol::WebSocketConfig {
    let mut config = tokio_tungstenite::tungstenite::protocol::WebSocketConfig::default();
    config.max_message_size = None;
    config.max_frame_size = None;
    config
}

/// Sends a GET request; returns the body of the answer.
async fn get(port: u16, path: &str) -> Result<String> {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n").as_bytes()).await?;
    let mut answer = Vec::new();
    // The browser keeps the connection although it is asked not to; the length says where the answer ends.
    loop {
        let text = String::from_utf8_lossy(&answer).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("Content-Length:")).map(str::trim);
            if length.and_then(|length| length.parse().ok()).is_some_and(|length: usize| body.len() >= length) {
                return Ok(body.to_owned());
            }
        }
        if stream.read_buf(&mut answer).await? == 0 {
            bail!("{text}");
        }
    }
}

/// Returns the error that an event reports, if it does.
fn complaint(event: &Value) -> Option<String> {
    let parameters = &event["params"];
    match event["method"].as_str()? {
        "Runtime.exceptionThrown" => Some(parameters["exceptionDetails"].to_string()),
        "Log.entryAdded" if parameters["entry"]["level"] == "error" => Some(parameters["entry"].to_string()),
        "Network.requestWillBeSent" => {
            let url = parameters["request"]["url"].as_str()?;
            let is_own =
                ["http://127.0.0.1:", "http://air.test:", "blob:", "about:"].iter().any(|own| url.starts_with(own));
            (!is_own).then(|| format!("a request leaves the origin: {url}"))
        }
        _ => None,
    }
}
