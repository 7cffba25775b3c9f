//! A real browser (Chromium) with a signed-in person's cookie, and a page of another site in it.
//!
//! The other site is another port of the same host: to `SameSite` that is the same site, so the browser sends the
//! cookie along, and nothing but the check of `Origin` stands between that page and the person's account.

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::process::Stdio;
use std::time::Duration;
use swarm::served::free_address;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};
use tokio_tungstenite::{WebSocketStream, client_async};
use tungstenite::Message;

const BROWSERS: [&str; 4] = [
    "/usr/bin/chromium",
    "/usr/bin/chromium-browser",
    "/usr/bin/google-chrome",
    "/usr/lib/chromium/chromium",
];
/// How long the browser may take for one thing.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a page tries with whatever cookie the browser has for the server: to open a socket and say hello, to begin a
/// conversation by each kind of request that a page can make, and to sign out.
const TRIES: &str = r#"(async server => {
  const told = {};
  told.socket = await new Promise(done => {
    const socket = new WebSocket(server.replace('http', 'ws') + '/v1/ws');
    socket.onopen = () => socket.send(JSON.stringify({t: 'hello', v: [1]}));
    socket.onmessage = event => done(JSON.parse(event.data).t);
    socket.onclose = socket.onerror = () => done('shut');
  });
  const body = n => JSON.stringify({kind: 'group', title: 'made by a page', members: [],
    send_id: '0193f1a2-0000-7000-8000-00000000000' + n});
  const ask = async (n, how) => {
    try {
      const request = {method: 'POST', credentials: 'include', body: body(n), ...how};
      const answer = await fetch(server + '/v1/create', request);
      return answer.status || answer.type;
    } catch { return 'failed'; }
  };
  told.plain = await ask(1, {mode: 'no-cors'});
  told.json = await ask(2, {headers: {'content-type': 'application/json'}});
  await new Promise(done => {
    const frame = document.createElement('iframe');
    frame.name = 'answer';
    document.body.append(frame);
    const form = document.createElement('form');
    const field = document.createElement('input');
    Object.assign(form, {action: server + '/v1/create', method: 'post', enctype: 'text/plain', target: 'answer'});
    // With "=" inside a value, a form in plain text is JSON.
    field.name = body(3).slice(0, -1) + ',"x":"';
    field.value = '"}';
    form.append(field);
    document.body.append(form);
    frame.onload = () => done();
    form.submit();
    setTimeout(done, 2000);
  });
  return JSON.stringify(told);
})"#;

/// Chromium with a profile of its own, and the one page that it has.
struct Browser {
    _process: Child,
    _profile: TempDir,
    page: WebSocketStream<TcpStream>,
    asked: u64,
}

impl Browser {
    async fn start(program: &str) -> Self {
        let profile = tempfile::tempdir().expect("a directory");
        let mut process = Command::new(program)
            .args([
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
            ])
            .args(["--no-first-run", "--remote-debugging-port=0", "about:blank"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("it starts");
        let mut says = BufReader::new(process.stderr.take().expect("piped")).lines();
        let address = loop {
            let line = says
                .next_line()
                .await
                .expect("it can be read")
                .expect("it tells its address");
            if let Some((_, rest)) = line.split_once("DevTools listening on ws://") {
                break rest.split('/').next().expect("an address").to_owned();
            }
        };
        // What it complains of is read on, or it would wait for somebody to.
        tokio::spawn(async move { while let Ok(Some(_)) = says.next_line().await {} });
        let list = http(&address, "GET", "/json/list", &[], "").await.1;
        let list: Value = serde_json::from_str(&list).expect("JSON");
        let pages = list.as_array().expect("a list");
        let page = pages.iter().find(|page| page["type"] == "page").expect("a page");
        let url = page["webSocketDebuggerUrl"].as_str().expect("its address").to_owned();
        let stream = TcpStream::connect(&address).await.expect("it listens");
        let (page, _) = client_async(url, stream).await.expect("it talks");
        Self {
            _process: process,
            _profile: profile,
            page,
            asked: 0,
        }
    }

    /// One command of the DevTools protocol, and its result.
    async fn tell(&mut self, method: &str, params: Value) -> Value {
        self.asked += 1;
        let command = json!({"id": self.asked, "method": method, "params": params});
        self.page
            .send(Message::text(command.to_string()))
            .await
            .expect("it listens");
        let answer = async {
            while let Some(message) = self.page.next().await {
                let Ok(Message::Text(text)) = message else { continue };
                let answer: Value = serde_json::from_str(&text).expect("JSON");
                if answer["id"] == self.asked {
                    assert!(answer.get("error").is_none(), "{method}: {answer}");
                    return answer["result"].clone();
                }
            }
            panic!("{method}: the browser has gone");
        };
        tokio::time::timeout(PATIENCE, answer).await.expect("in time")
    }

    /// What the script comes to in the page that is open.
    async fn run(&mut self, script: &str) -> String {
        let params = json!({"expression": script, "awaitPromise": true, "returnByValue": true});
        let answer = self.tell("Runtime.evaluate", params).await;
        assert!(answer.get("exceptionDetails").is_none(), "{answer}");
        answer["result"]["value"].as_str().unwrap_or_default().to_owned()
    }

    /// Opens a page and waits until it is there.
    async fn open(&mut self, url: &str) {
        self.tell("Page.navigate", json!({"url": url})).await;
        loop {
            let there = self.run("document.readyState + ' ' + location.href").await;
            if there.starts_with("complete http") && there.contains(url) {
                return;
            }
            tokio::task::yield_now().await;
        }
    }

    async fn tries(&mut self, server: &str) -> Value {
        let told = self.run(&format!("{TRIES}('{server}')")).await;
        serde_json::from_str(&told).unwrap_or_else(|_| panic!("{told:?}"))
    }
}

/// One request over a connection of its own: the head of the answer and its body.
async fn http(address: &str, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> (String, String) {
    let mut stream = TcpStream::connect(address).await.expect("it listens");
    let lines: String = headers
        .iter()
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .collect();
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\
         Content-Length: {length}\r\n{lines}\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = Vec::new();
    let mut part = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&answer).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let head = head.to_ascii_lowercase();
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
            if length.is_some_and(|length: usize| body.len() >= length) {
                return (head, body.to_owned());
            }
        }
        match stream.read(&mut part).await {
            Ok(0) | Err(_) => {
                let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
                return (head.to_ascii_lowercase(), body.to_owned());
            }
            Ok(count) => answer.extend_from_slice(&part[..count]),
        }
    }
}

/// A site of somebody else's: an empty page at whatever path, on another port of the same host.
async fn other_site() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.read(&mut [0; 4096]).await;
            let page = "<!doctype html><title>another site</title><body>Win a prize</body>";
            let length = page.len();
            let answer = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\
                 Content-Length: {length}\r\n\r\n{page}"
            );
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    format!("http://{address}/")
}

/// ORG1 CKI1: a page of another site, in the browser of somebody who is signed in, opens no socket and changes nothing.
/// The same script on the server's own page does both, or this would show nothing.
#[tokio::test]
async fn org1_a_page_of_another_site_opens_no_socket_and_changes_nothing() {
    let Some(program) = BROWSERS.into_iter().find(|path| std::path::Path::new(path).exists()) else {
        assert!(
            std::env::var_os("CI").is_none(),
            "there is no Chromium here; `make test` installs it"
        );
        eprintln!("NOT RUN: there is no Chromium here; no page of another site was opened");
        return;
    };
    let data = tempfile::tempdir().expect("a directory");
    let address = free_address().expect("a port").to_string();
    let mut server = super::reach::Started::with(
        data.path(),
        &["--listen", &address, "--sign-up", "open", "--no-rates"],
        &[],
    );
    server.says("Tidings is at").await;
    let ours = format!("http://{address}");
    let asked = json!({"handle": "ann", "name": "Ann", "password": "a long password", "cookie": true}).to_string();
    let (head, _) = http(&address, "POST", "/v1/accounts", &[("Origin", &ours)], &asked).await;
    let line = head
        .lines()
        .find_map(|line| line.strip_prefix("set-cookie:"))
        .expect("a cookie");
    let pair = line.split(';').next().expect("a pair").trim().to_owned();
    let (name, value) = pair.split_once('=').expect("a name and a value");

    let mut browser = Browser::start(program).await;
    let cookie = json!({"name": name, "value": value, "url": ours, "httpOnly": true, "sameSite": "Strict"});
    let set = browser.tell("Network.setCookie", cookie).await;
    assert_eq!(set["success"], true);
    let inbox = || async {
        let headers = [("Origin", ours.as_str()), ("Cookie", pair.as_str())];
        let (head, body) = http(&address, "POST", "/v1/inbox", &headers, r#"{"after_ver": 0}"#).await;
        assert!(head.starts_with("http/1.1 200"), "{head} {body}");
        body.matches("made by a page").count()
    };

    browser.open(&other_site().await).await;
    let told = browser.tries(&ours).await;
    assert_eq!(told, json!({"socket": "shut", "plain": "opaque", "json": "failed"}));
    assert_eq!(inbox().await, 0, "nothing was changed");

    // Our page may not run scripts from anywhere; for this once it may.
    browser.tell("Page.setBypassCSP", json!({"enabled": true})).await;
    browser.open(&format!("{ours}/")).await;
    let told = browser.tries(&ours).await;
    assert_eq!(
        (&told["socket"], &told["json"]),
        (&json!("welcome"), &json!(200)),
        "{told}"
    );
    // An inbox hears of it a moment after the log.
    let heard = async { while inbox().await < 2 {} };
    assert!(tokio::time::timeout(PATIENCE, heard).await.is_ok(), "our own page may");
}
