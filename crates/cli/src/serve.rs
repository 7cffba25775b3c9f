//! `tidings serve`: wires store, node, doors and admin socket together, and takes them down in order.

mod greeting;
mod site;
mod supervisor;

use crate::Wrong;
use crate::config::{self, Flags, LogFormat, Settings};
use clap::Args;
use greeting::Greeting;
use rand::SeedableRng;
use rand::TryRng;
use rand::rngs::{StdRng, SysRng};
use server::bus::{InProcess, Listener};
use server::clock::{Clock, SystemClock};
use server::listen::tls::{Tls, TlsStream};
use server::listen::{self, ListenLimits, Listeners};
use server::node::{Node, Parts};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use store::sqlite::{self, Options, Sqlite};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How long sessions have to go when the server is asked to end, in milliseconds.
const DRAIN_MS_MAX: u64 = 5_000;

/// The arguments of `tidings serve`.
#[derive(Args)]
#[command(after_help = "\
Examples:
  tidings serve                                   For this machine only, on port 8080.
  tidings serve --data /var/lib/tidings --listen 0.0.0.0:8080
                                                  For your network.
  tidings serve --listen 0.0.0.0:443 --tls-cert fullchain.pem --tls-key privkey.pem
                                                  With TLS, which browsers on other machines need.
  tidings serve --trusted-proxy 127.0.0.1 --public-url https://chat.example
                                                  Behind a proxy on this machine that ends TLS.

Every flag can also be a variable or stand in a file: a flag wins over its variable, that over the
file. `tidings config` prints what holds. The first start prints an invite for whoever will own the
server. Ctrl-C or SIGTERM ends it: sessions are told to come back, and nothing that was acknowledged
is lost, however it ends. docs/OPERATING.md tells the rest.")]
pub struct Serve {
    #[command(flatten)]
    flags: Flags,
}

/// Serves until SIGTERM or SIGINT.
pub fn run(arguments: &Serve) -> Result<(), Wrong> {
    let settings = config::load(&arguments.flags)?;
    start_logging(&settings)?;
    for stranger in config::strangers() {
        tracing::warn!("{stranger}");
    }
    plant()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(serve(settings))
}

fn start_logging(settings: &Settings) -> Result<(), Wrong> {
    let logs = tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::try_new(&settings.log)?)
        .with_writer(std::io::stderr);
    match settings.log_format {
        LogFormat::Text => logs.init(),
        LogFormat::Json => logs.json().init(),
    }
    Ok(())
}

/// Chooses the planted fault that the environment names: only programs that were built to be broken have any.
fn plant() -> Result<(), Wrong> {
    const VARIABLE: &str = "TIDINGS_MUTANT";
    if let Some(name) = std::env::var_os(VARIABLE) {
        let name = name.to_string_lossy();
        mutants::choose_from(&name).map_err(|what| format!("{VARIABLE}: {what}"))?;
        tracing::warn!(fault = %name, "THIS SERVER IS BROKEN ON PURPOSE: it loses, doubles or leaks what people say");
    }
    Ok(())
}

async fn serve(settings: Settings) -> Result<(), Wrong> {
    let clock = Arc::new(SystemClock::start());
    let tls = tls(&settings)?;
    let store = open(&settings, Arc::clone(&clock) as Arc<dyn Clock>)?;
    // Bound before anything is promised: a port in use is found now.
    let listeners =
        Listeners::bind(&settings.listen).map_err(|error| format!("{error}; choose another with --listen"))?;
    let addresses = listeners.addresses()?;
    let bus = InProcess::with_faults(settings.drill_hints, random_seed()?);
    let node = Node::new(Parts {
        config: server::config::Config {
            site: site::SITE,
            ..settings.node()
        },
        store: Arc::new(store.clone()),
        bus: bus.clone(),
        clock,
        chance: StdRng::try_from_rng(&mut SysRng)?,
    });
    let ear: Arc<dyn Listener> = node.clone();
    bus.join(Arc::downgrade(&ear));
    let running = server::serve::start(Arc::clone(&node));
    let disk = settings.data.clone();
    tokio::spawn(server::serve::watch_disk(Arc::clone(&node), move || free_bytes(&disk)));
    let (stop, stopped) = watch::channel(false);
    let admin = tokio::spawn(server::admin::serve(
        Arc::clone(&node),
        settings.data.clone(),
        stopped.clone(),
    ));
    let door = doors(listeners, tls.clone(), &node, stopped);
    let renewals = tls.map(watch_certificate).transpose()?;
    // Before anybody is told that it is ready: whoever is may ask it to go.
    let mut going = Going::listen()?;
    greet(&node, addresses, &settings).await?;
    supervisor::tell("READY=1");
    going.asked().await;
    supervisor::tell("STOPPING=1");
    tracing::info!("going down: sessions are sent away");
    running.drain(DRAIN_MS_MAX).await;
    stop.send_replace(true);
    let _ = door.await;
    let _ = admin.await;
    drop(renewals);
    store.close();
    Ok(())
}

fn open(settings: &Settings, clock: Arc<dyn Clock>) -> Result<Sqlite, Wrong> {
    let mut seed = [0; 32];
    SysRng.try_fill_bytes(&mut seed)?;
    let options = Options::new(Arc::new(move || clock.unix_ms()), seed);
    Ok(sqlite::start(&settings.data, options)?)
}

/// What the server's account may still write on the disk of the data, in bytes.
fn free_bytes(data: &Path) -> std::io::Result<u64> {
    let found = rustix::fs::statvfs(data)?;
    Ok(found.f_bavail.saturating_mul(found.f_frsize))
}

fn tls(settings: &Settings) -> Result<Option<Arc<Tls>>, Wrong> {
    let Some(files) = &settings.tls else {
        return Ok(None);
    };
    let url = settings
        .public_url
        .as_ref()
        .filter(|url| url.is_https())
        .map(ToString::to_string);
    let loaded = Tls::load(&files.certificate, &files.key, url);
    let tls = loaded.map_err(|error| format!("tls-cert and tls-key: {error}"))?;
    Ok(Some(Arc::new(tls)))
}

/// The doors of HTTP. Without TLS a session holds the bare socket, so that it costs nothing that it does not need.
fn doors(
    listeners: Listeners,
    tls: Option<Arc<Tls>>,
    node: &Arc<Node>,
    stopped: watch::Receiver<bool>,
) -> JoinHandle<()> {
    let limits = ListenLimits {
        connections_max: node.config.sessions_max,
        ..ListenLimits::default()
    };
    let (node, counts) = (Arc::clone(node), Arc::clone(&node.listen_counts));
    match tls {
        None => tokio::spawn(listen::serve(
            listeners,
            server::http::router(node),
            limits,
            counts,
            stopped,
        )),
        Some(tls) => {
            let open = move |stream| Arc::clone(&tls).open(stream);
            let router = server::http::router_over::<TlsStream>(node);
            tokio::spawn(listen::serve_opened(listeners, open, router, limits, counts, stopped))
        }
    }
}

/// Has the certificate's files looked at: regularly, and at once on SIGHUP. Ends when what it gives is dropped.
fn watch_certificate(tls: Arc<Tls>) -> Result<Renewals, Wrong> {
    let (now, asked) = watch::channel(());
    let mut hangup = signal(SignalKind::hangup())?;
    let asking = tokio::spawn(async move {
        while hangup.recv().await.is_some() {
            now.send_replace(());
        }
    });
    tokio::spawn(tls.watch(asked));
    Ok(Renewals(asking))
}

/// The watch over a certificate's files.
struct Renewals(JoinHandle<()>);

impl Drop for Renewals {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn random_seed() -> Result<u64, Wrong> {
    Ok(SysRng.try_next_u64()?)
}

/// Says where the server is, how others get there and, while nobody has an account, how the first one gets in.
#[expect(clippy::print_stdout, reason = "this is what the person at the terminal is told")]
async fn greet(node: &Node, addresses: Vec<SocketAddr>, settings: &Settings) -> Result<(), Wrong> {
    let invite = server::account::first_invite(node)
        .await
        .map_err(|refusal| refusal.say)?;
    let greeting = Greeting {
        addresses,
        tls: settings.tls.is_some(),
        ca: settings
            .tls
            .as_ref()
            .and_then(|files| crate::doctor::needs_ca(&files.certificate)),
        public_url: settings.public_url.as_ref().map(ToString::to_string),
        machine: greeting::of_this_machine(),
        program: crate::program(),
        data: settings.data.display().to_string(),
        invite: invite.map(|invite| invite.to_string()),
        web: !site::SITE.is_empty(),
    };
    print!("{greeting}");
    std::io::Write::flush(&mut std::io::stdout())?;
    Ok(())
}

/// What asks the server to go. A signal that comes before this is there ends the process at once.
struct Going {
    terminate: Signal,
    interrupt: Signal,
}

impl Going {
    fn listen() -> Result<Self, Wrong> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn asked(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
