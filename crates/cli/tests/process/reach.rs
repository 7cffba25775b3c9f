//! Reaching a server: several addresses, TLS with a certificate that changes, a proxy before it, a supervisor above it;
//! and what is said to whoever sets it up wrongly.

use client::account::Account;
use client::address::Address;
use client::link::Link;
use client::tls::{Secure, Stream, Trusts};
use protocol::account::{SignUp, SignedIn};
use protocol::client_frame::Hello;
use protocol::{ClientFrame, RequestId, ServerFrame};
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use swarm::served::free_address;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::TcpStream;
use tokio::process::{Child, ChildStderr, ChildStdout, Command};

const PASSWORD: &str = "a long password";

/// A server as an operator starts it, what it says and what it logs.
pub struct Started {
    process: Child,
    said: Lines<BufReader<ChildStdout>>,
    logged: Lines<BufReader<ChildStderr>>,
}

impl Started {
    pub fn with(data: &Path, arguments: &[&str], variables: &[(&str, &Path)]) -> Self {
        let mut process = tidings(data)
            .arg("serve")
            .args(arguments)
            .envs(variables.iter().copied())
            .spawn()
            .expect("it starts");
        let said = BufReader::new(process.stdout.take().expect("piped")).lines();
        let logged = BufReader::new(process.stderr.take().expect("piped")).lines();
        Self { process, said, logged }
    }

    /// The first line that it says with such words in it.
    pub async fn says(&mut self, words: &str) -> String {
        while let Some(line) = self.said.next_line().await.expect("it can be read") {
            if line.contains(words) {
                return line;
            }
        }
        let mut log = String::new();
        while let Ok(Some(line)) = self.logged.next_line().await {
            log.push_str(&line);
        }
        panic!("it never said {words:?}: {log}");
    }

    async fn logs(&mut self, words: &str) {
        while let Some(line) = self.logged.next_line().await.expect("it can be read") {
            if line.contains(words) {
                return;
            }
        }
        panic!("it never logged {words:?}");
    }

    async fn signal(&self, name: &str) {
        let id = self.process.id().expect("it runs").to_string();
        let sent = Command::new("kill").args([name, &id]).status().await;
        assert!(sent.expect("kill is there").success());
    }
}

/// The program, with nothing around it but a data directory and a home for profiles.
fn tidings(data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tidings"));
    command
        .env_clear()
        .env("TIDINGS_DATA", data)
        .env("TIDINGS_HOME", data.join("home"))
        .env("TIDINGS_PASSWORD", PASSWORD)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

async fn run(data: &Path, arguments: &[&str]) -> (bool, String) {
    let Output { status, stdout, stderr } = tidings(data).args(arguments).output().await.expect("it runs");
    let text = String::from_utf8_lossy(&stdout).into_owned() + &String::from_utf8_lossy(&stderr);
    (status.success(), text)
}

/// A certificate for this machine and its key, in files that can be replaced.
struct Files {
    directory: TempDir,
}

impl Files {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let files = Self { directory };
        files.renew();
        files
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Others, in the same files; and a copy of the certificate for a client to trust.
    fn renew(&self) {
        let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
        let made = rcgen::generate_simple_self_signed(names).expect("made");
        fs::write(self.path("cert.pem"), made.cert.pem()).expect("written");
        fs::write(self.path("key.pem"), made.signing_key.serialize_pem()).expect("written");
    }

    /// Streams that trust the certificate that is there now.
    fn trusting(&self, name: &str) -> Secure {
        fs::copy(self.path("cert.pem"), self.path(name)).expect("copied");
        Secure::new(Trusts::File(self.path(name))).expect("a certificate")
    }
}

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

async fn signed_up(address: &Address, streams: &Secure, handle: &str) -> SignedIn {
    let account = Account::over(address.clone(), streams.clone());
    let sign_up = SignUp {
        handle: handle.to_owned(),
        name: handle.to_owned(),
        password: PASSWORD.to_owned(),
        invite: None,
        link: None,
        device_name: "test".to_owned(),
        cookie: false,
    };
    account.sign_up(&sign_up).await.expect("an account")
}

async fn welcomed(address: &Address, streams: &Secure, me: &SignedIn) -> Link<Stream> {
    let hello = Hello {
        v: vec![1],
        token: me.token.clone(),
        client: None,
        epoch: None,
        ver: None,
        dseq: None,
        watch: None,
    };
    let mut link = Link::connect(streams, address).await.expect("connected");
    link.send(None, &ClientFrame::Hello(Box::new(hello))).expect("sent");
    while !matches!(link.next().await.expect("it stands"), (_, ServerFrame::Welcome(_))) {}
    link
}

/// Whether a connection still answers.
async fn answers(link: &mut Link<Stream>) {
    let id: RequestId = serde_json::from_str("77").expect("an id");
    let ask = ClientFrame::decode(r#"{"t":"members","id":77,"conv":"01890a5d-ac96-774b-bcce-b302099a8057"}"#);
    link.send(Some(id), &ask.expect("a frame").1).expect("sent");
    while link.next().await.expect("it stands").0 != Some(id) {}
}

/// What is answered to a request that is sent as it stands.
async fn raw(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.expect("connected");
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("answered");
    answer
}

/// TLS1 TLS2 TLS4: a client comes in by a certificate that it was told to trust, and by no other; the files are read
/// anew, a broken one leaves the old certificate, and no connection notices any of it.
#[tokio::test]
async fn tls_from_end_to_end_with_another_certificate() {
    let (data, files) = (tempfile::tempdir().expect("a directory"), Files::new());
    let listen = free_address().expect("a free port");
    let (cert, key) = (files.path("cert.pem"), files.path("key.pem"));
    let at = listen.to_string();
    let mut server = Started::with(
        data.path(),
        &["--listen", &at, "--sign-up", "open"],
        &[("TIDINGS_TLS_CERT", &cert), ("TIDINGS_TLS_KEY", &key)],
    );
    let line = server.says("Tidings is at").await;
    assert_eq!(line, format!("Tidings is at https://{listen}"));

    let address = Address::parse(&format!("https://{listen}")).expect("an address");
    let first = files.trusting("first.pem");
    let ann = signed_up(&address, &first, "ann").await;
    let mut link = welcomed(&address, &first, &ann).await;

    let first_file = fs::read(&cert).expect("there");
    fs::write(&cert, "-----BEGIN CERTIFICATE-----\nnonsense").expect("written");
    server.signal("-HUP").await;
    server.logs("the old one stays").await;
    drop(
        Link::connect(&first, &address)
            .await
            .expect("the old certificate is shown"),
    );
    fs::write(&cert, first_file).expect("written");

    files.renew();
    server.signal("-HUP").await;
    server.logs("read anew").await;
    let second = files.trusting("second.pem");
    drop(welcomed(&address, &second, &ann).await);
    // Anew, because TLS may go on with a session that was begun while the first certificate was trusted.
    let first = Secure::new(Trusts::File(files.path("first.pem"))).expect("a certificate");
    let refused = Link::connect(&first, &address)
        .await
        .err()
        .expect("not trusted")
        .to_string();
    assert!(refused.contains("its certificate does not hold by "), "{refused}");
    answers(&mut link).await;
    server.signal("-TERM").await;
    assert!(server.process.wait().await.expect("it ends").success());
}

/// TLS3 TLS4: the terminal talks over TLS; it remembers whom it was told to trust, and says what to do when it was not.
#[tokio::test]
async fn the_terminal_speaks_tls() {
    let (data, files) = (tempfile::tempdir().expect("a directory"), Files::new());
    let listen = free_address().expect("a free port");
    let (cert, key) = (files.path("cert.pem"), files.path("key.pem"));
    let (at, https) = (listen.to_string(), format!("https://{listen}"));
    let mut server = Started::with(
        data.path(),
        &[
            "--listen",
            &at,
            "--sign-up",
            "open",
            "--tls-cert",
            text(&cert),
            "--tls-key",
            text(&key),
        ],
        &[],
    );
    server.says("Tidings is at").await;

    let plain = format!("http://{listen}");
    let (done, says) = run(data.path(), &["sign-up", "ann", "--server", &plain]).await;
    assert!(!done && says.contains("This port speaks TLS: use https://"), "{says}");
    let (done, says) = run(data.path(), &["sign-up", "ann", "--server", &https]).await;
    assert!(!done && says.contains("--ca FILE"), "{says}");
    let (done, says) = run(
        data.path(),
        &["--ca", text(&cert), "sign-up", "ann", "--server", &https],
    )
    .await;
    assert!(done, "{says}");
    let (done, says) = run(data.path(), &["devices"]).await;
    assert!(done && says.contains("(this one)"), "{says}");

    let bob = [
        "--profile",
        "bob",
        "--ca",
        text(&cert),
        "sign-up",
        "bob",
        "--server",
        &https,
    ];
    assert!(run(data.path(), &bob).await.0);
    let (done, says) = run(data.path(), &["send", "@bob", "over TLS"]).await;
    assert!(done, "{says}");

    let page = raw(listen, &format!("GET /x HTTP/1.1\r\nHost: {listen}\r\n\r\n")).await;
    assert!(page.starts_with("HTTP/1.1 308 "), "{page}");
    assert!(page.contains(&format!("location: https://{listen}/x\r\n")), "{page}");
}

/// OPS2: the doctor asks a server over TLS, and sees when it shows another certificate than the file holds.
#[tokio::test]
async fn the_doctor_speaks_tls() {
    let (data, files) = (tempfile::tempdir().expect("a directory"), Files::new());
    let listen = free_address().expect("a free port").to_string();
    let (cert, key) = (files.path("cert.pem"), files.path("key.pem"));
    let flags = [
        "--listen",
        &listen,
        "--tls-cert",
        text(&cert),
        "--tls-key",
        text(&key),
        "--disk-free-min-mib",
        "0",
    ];
    let mut server = Started::with(data.path(), &flags, &[("TIDINGS_LISTN", Path::new("x"))]);
    server.says("Tidings is at").await;
    server.logs("Is TIDINGS_LISTEN meant?").await;
    let doctor = [&["doctor"], &flags[..]].concat();
    let (done, says) = run(data.path(), &doctor).await;
    assert!(
        done && says.contains(&format!("the server at {listen} is ready")),
        "{says}"
    );
    assert!(says.contains("terminals need --ca FILE"), "{says}");

    let others = Files::new();
    let (cert, key) = (others.path("cert.pem"), others.path("key.pem"));
    let flags = [
        "doctor",
        "--listen",
        &listen,
        "--tls-cert",
        text(&cert),
        "--tls-key",
        text(&key),
        "--disk-free-min-mib",
        "0",
    ];
    let (done, says) = run(data.path(), &flags).await;
    assert!(
        done && says.contains("shows another certificate than the one in the file"),
        "{says}"
    );
    fs::copy(files.path("key.pem"), &key).expect("copied");
    let (done, says) = run(data.path(), &flags).await;
    assert!(!done && says.contains("cannot be used together"), "{says}");
}

/// LSN1 CFG1: a file's addresses are all listened on; what people are told to type is the public one.
#[tokio::test]
async fn several_addresses_out_of_a_file() {
    let data = tempfile::tempdir().expect("a directory");
    let addresses = [
        free_address().expect("a free port"),
        free_address().expect("a free port"),
    ];
    let [one, other] = addresses;
    let file = format!("listen = [\"{one}\", \"{other}\"]\npublic-url = \"https://chat.example/\"\n");
    fs::write(data.path().join("tidings.toml"), file).expect("written");
    let mut server = Started::with(data.path(), &[], &[]);
    assert_eq!(server.says("Tidings is at").await, "Tidings is at https://chat.example");
    let invite = server.says("--invite").await;
    assert!(
        invite.contains("chat --server https://chat.example --sign-up"),
        "{invite}"
    );
    for address in addresses {
        let answer = raw(address, "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "{address}: {answer}");
    }

    let taken = run(
        data.path(),
        &[
            "serve",
            "--data",
            text(&data.path().join("2")),
            "--listen",
            &one.to_string(),
        ],
    )
    .await;
    assert!(
        !taken.0 && taken.1.contains(&format!("cannot listen on {one}: ")),
        "{}",
        taken.1
    );
    let (_, config) = run(data.path(), &["config"]).await;
    assert!(
        config.contains(&format!("tidings.toml, line 1.\nlisten = [\"{one}\", \"{other}\"]\n")),
        "{config}"
    );
}

/// CFG2: what is set wrongly is said with where it stands and what was expected, and nothing is started.
#[tokio::test]
async fn what_is_set_wrongly_is_said() {
    let data = tempfile::tempdir().expect("a directory");
    let file = data.path().join("tidings.toml");
    let says = async |name: &str, toml: &str, arguments: &[&str]| {
        fs::write(&file, toml).expect("written");
        for command in ["serve", "config"] {
            let (done, says) = run(data.path(), &[&[command], arguments].concat()).await;
            assert!(!done, "{command}: {says}");
            insta::assert_snapshot!(format!("wrong_{name}"), says.replace(text(data.path()), "DATA"));
        }
    };
    says("name", "listen = \"127.0.0.1:1\"\n\nbeat_ms = 1000\n", &[]).await;
    says("value", "beat-ms = \"soon\"\n", &[]).await;
    says("quotes", "listen = 127.0.0.1:80\n", &[]).await;
    says("half", "", &["--tls-cert", "cert.pem"]).await;
    says("file", "", &["--config", "/no/such/file"]).await;
    assert!(!data.path().join("tidings.db").exists(), "nothing was started");
}

/// LSN3: whoever supervises the process is told when it listens, and when it goes.
#[tokio::test]
async fn a_supervisor_is_told() {
    let data = tempfile::tempdir().expect("a directory");
    let path = data.path().join("notify");
    let hears = tokio::net::UnixDatagram::bind(&path).expect("bound");
    let listen = free_address().expect("a free port");
    let mut server = Started::with(
        data.path(),
        &["--listen", &listen.to_string()],
        &[("NOTIFY_SOCKET", &path)],
    );
    let mut bytes = [0; 64];
    let heard = hears.recv(&mut bytes).await.expect("heard");
    assert_eq!(&bytes[..heard], b"READY=1");
    let answer = raw(listen, "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    server.signal("-TERM").await;
    let heard = hears.recv(&mut bytes).await.expect("heard");
    assert_eq!(&bytes[..heard], b"STOPPING=1");
    assert!(server.process.wait().await.expect("it ends").success());
}

/// A configuration of nginx with our recipe in it: before a server at the first address, with TLS at the second and
/// without at the third.
fn recipe(data: &Path, files: &Files, [behind, secure, plain]: [SocketAddr; 3]) -> String {
    let recipe = include_str!("../../../../packaging/nginx.conf")
        .lines()
        .filter(|line| !line.contains("listen [::]"))
        .collect::<Vec<_>>()
        .join("\n");
    let recipe = recipe
        .replace("127.0.0.1:8080", &behind.to_string())
        .replace("listen 443 ssl", &format!("listen {secure} ssl"))
        .replace("listen 80;", &format!("listen {plain};"))
        .replace("/etc/ssl/chat.example/fullchain.pem", text(&files.path("cert.pem")))
        .replace("/etc/ssl/chat.example/privkey.pem", text(&files.path("key.pem")));
    let place = data.display();
    format!(
        "daemon off; pid {place}/pid; error_log {place}/error.log;\nevents {{}}\nhttp {{\naccess_log off;\n\
         client_body_temp_path {place}/a; proxy_temp_path {place}/b; fastcgi_temp_path {place}/c;\n\
         uwsgi_temp_path {place}/d; scgi_temp_path {place}/e;\n{recipe}\n}}\n"
    )
}

/// LIM2: the recipe for nginx holds: TLS ends there, sockets go through, and a client's own address is seen behind it.
/// Where there is no nginx there is nothing to try.
#[tokio::test]
async fn the_recipe_for_nginx_holds() {
    let Some(nginx) = ["/usr/sbin/nginx", "/usr/bin/nginx", "/usr/local/sbin/nginx"]
        .iter()
        .find(|path| Path::new(path).exists())
    else {
        eprintln!("NOT RUN: there is no nginx here; packaging/nginx.conf was not tried");
        return;
    };
    let (data, files) = (tempfile::tempdir().expect("a directory"), Files::new());
    let free = || free_address().expect("a free port");
    let (behind, secure, plain) = (free(), free(), free());
    let config = recipe(data.path(), &files, [behind, secure, plain]);
    fs::write(data.path().join("nginx.conf"), config).expect("written");
    let mut proxy = Command::new(nginx);
    proxy
        .arg("-p")
        .arg(data.path())
        .arg("-c")
        .arg(data.path().join("nginx.conf"));
    proxy.stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    let public = format!("https://localhost:{}", secure.port());
    let at = behind.to_string();
    let arguments = [
        "--listen",
        &at,
        "--sign-up",
        "open",
        "--trusted-proxy",
        "127.0.0.1",
        "--public-url",
        &public,
    ];
    let mut server = Started::with(data.path(), &arguments, &[]);
    server.says(&public).await;
    let mut proxy = proxy.spawn().expect("nginx starts");

    let address = Address::parse(&format!("https://{secure}")).expect("an address");
    let streams = files.trusting("ca.pem");
    while TcpStream::connect(secure).await.is_err() {
        assert!(
            proxy.try_wait().expect("known").is_none(),
            "nginx ended: {:?}",
            fs::read_to_string(data.path().join("error.log"))
        );
        tokio::task::yield_now().await;
    }
    let ann = signed_up(&address, &streams, "ann").await;
    let mut link = welcomed(&address, &streams, &ann).await;
    answers(&mut link).await;
    let page = raw(
        plain,
        "GET /x HTTP/1.1\r\nHost: chat.example\r\nConnection: close\r\n\r\n",
    )
    .await;
    assert!(page.contains("Location: https://chat.example/x"), "{page}");
    let id = i32::try_from(proxy.id().expect("it runs")).expect("small");
    rustix::process::kill_process(
        rustix::process::Pid::from_raw(id).expect("a process"),
        rustix::process::Signal::TERM,
    )
    .expect("told");
    proxy.wait().await.expect("it ends");
}
