//! What a start tells the person at the terminal: where the server is, how others get there, how the first one gets in.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Addresses of this machine that are told.
const TOLD_MAX: usize = 4;

/// What there is to tell.
pub struct Greeting {
    /// Where it listens; at least one.
    pub addresses: Vec<SocketAddr>,
    /// Whether it speaks TLS there.
    pub tls: bool,
    /// The file that a terminal has to be given to trust the certificate; `None`: it is trusted anyhow, or there is
    /// none.
    pub ca: Option<String>,
    /// What others type, if the operator said so.
    pub public_url: Option<String>,
    /// This machine's addresses on its networks.
    pub machine: Vec<IpAddr>,
    /// How this program was started.
    pub program: String,
    /// The data directory.
    pub data: String,
    /// The invite of the first owner, while nobody has an account.
    pub invite: Option<String>,
    /// Whether the web app is in this binary.
    pub web: bool,
}

/// The addresses of this machine on its networks: none of its own loop, none that hold on one cable only.
pub fn of_this_machine() -> Vec<IpAddr> {
    let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
    let reachable = interfaces
        .into_iter()
        .filter(|one| !one.is_loopback() && !one.is_link_local());
    let mut addresses: Vec<IpAddr> = reachable.map(|one| one.ip()).collect();
    // IPv4 is what most people can type.
    addresses.sort_by_key(|address| (address.is_ipv6(), *address));
    addresses.dedup();
    addresses
}

impl Greeting {
    fn url(&self, address: SocketAddr) -> String {
        let scheme = if self.tls { "https" } else { "http" };
        format!("{scheme}://{address}")
    }

    /// The address to type on this machine, or wherever people are told to go.
    fn here(&self) -> String {
        if let Some(url) = &self.public_url {
            return url.clone();
        }
        let first = self.addresses.first().copied();
        let mut first = first.unwrap_or_else(|| SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
        if first.ip().is_unspecified() {
            first.set_ip(if first.is_ipv4() {
                Ipv4Addr::LOCALHOST.into()
            } else {
                Ipv6Addr::LOCALHOST.into()
            });
        }
        self.url(first)
    }

    /// Where other machines find it; an address that stands for all of them becomes each of them.
    fn elsewhere(&self) -> Vec<String> {
        let mut urls = Vec::new();
        for address in &self.addresses {
            if address.ip().is_unspecified() {
                // `[::]` hears IPv4 too.
                let reached = self.machine.iter().filter(|ip| address.is_ipv6() || ip.is_ipv4());
                urls.extend(reached.map(|ip| self.url(SocketAddr::new(*ip, address.port()))));
            } else if !address.ip().is_loopback() {
                urls.push(self.url(*address));
            }
        }
        let mut told = Vec::new();
        for url in urls {
            if !told.contains(&url) {
                told.push(url);
            }
        }
        told.truncate(TOLD_MAX);
        told
    }

    fn data_flag(&self) -> String {
        if self.data == "./data" {
            String::new()
        } else {
            format!(" --data {}", self.data)
        }
    }

    fn tell_others(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_https = |url: &String| url.starts_with("https:");
        let elsewhere = self.elsewhere();
        let is_loop_only = self.addresses.iter().all(|address| address.ip().is_loopback());
        match &self.public_url {
            Some(_) => {}
            None if is_loop_only => {
                let (program, data) = (&self.program, self.data_flag());
                let port = self.addresses.first().map_or(8080, SocketAddr::port);
                return writeln!(
                    f,
                    "Only this machine reaches it. For others on your network: \
                     {program} serve{data} --listen 0.0.0.0:{port}"
                );
            }
            None if elsewhere.is_empty() => {
                return writeln!(
                    f,
                    "This machine has no address on a network now, so others do not reach it."
                );
            }
            None if elsewhere == [self.here()] => {}
            None => writeln!(f, "Others on your network reach it at {}", elsewhere.join(" or "))?,
        }
        if !self.public_url.as_ref().map_or(self.tls, is_https) {
            writeln!(
                f,
                "Terminals are content with that. Browsers on other machines need https for the web app: give\n\
                 --tls-cert and --tls-key, or put a proxy before it (docs/OPERATING.md, \"From another machine\")."
            )?;
        }
        Ok(())
    }
}

impl fmt::Display for Greeting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (here, program, data) = (self.here(), &self.program, self.data_flag());
        writeln!(f, "Tidings is at {here}")?;
        self.tell_others(f)?;
        // A file's name may have a space in it; then whoever types it knows what to do with that.
        let ca = self.ca.as_ref().map_or(String::new(), |file| format!(" --ca {file}"));
        if self.ca.is_some() {
            writeln!(
                f,
                "Its certificate is one of your own: give others the file too; they say `{program}{ca} chat …` the \
                 first\ntime, and browsers warn."
            )?;
        }
        if let Some(invite) = &self.invite {
            writeln!(f)?;
            writeln!(
                f,
                "Nobody has an account here yet. The first one, who will own this server, signs up with:"
            )?;
            writeln!(f)?;
            writeln!(
                f,
                "    {program}{ca} chat --server {here} --sign-up YOUR_HANDLE --invite {invite}"
            )?;
            if self.web {
                writeln!(f, "\nor in a browser:\n\n    {here}/i/#{invite}")?;
            }
            writeln!(f)?;
            writeln!(f, "The invite is good once. For others: {program} admin{data} invite")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn greeting(addresses: &[&str]) -> Greeting {
        let parse = |text: &&str| text.parse().expect("an address");
        Greeting {
            addresses: addresses.iter().map(parse).collect(),
            tls: false,
            ca: None,
            public_url: None,
            machine: vec![
                "192.168.1.20".parse().expect("an address"),
                "fd00::20".parse().expect("an address"),
            ],
            program: "tidings".to_owned(),
            data: "./data".to_owned(),
            invite: None,
            web: false,
        }
    }

    /// LSN2: where the app is in the binary, the first one may come in by a browser; the invite is in the fragment.
    #[test]
    fn lsn2_a_browser_is_told_the_invite() {
        let mut greeting = greeting(&["127.0.0.1:8080"]);
        greeting.invite = Some("1-abc".to_owned());
        let line = "    http://127.0.0.1:8080/i/#1-abc";
        assert!(!told(&greeting).contains(&line.to_owned()));
        greeting.web = true;
        assert!(told(&greeting).contains(&line.to_owned()), "{greeting}");
    }

    fn told(greeting: &Greeting) -> Vec<String> {
        greeting.to_string().lines().map(str::to_owned).collect()
    }

    /// LSN2: who listens on this machine only is told how others would get in.
    #[test]
    fn on_the_loop_it_tells_how_others_would_get_in() {
        let lines = told(&greeting(&["127.0.0.1:8080"]));
        assert_eq!(
            lines,
            [
                "Tidings is at http://127.0.0.1:8080",
                "Only this machine reaches it. For others on your network: tidings serve --listen 0.0.0.0:8080",
            ]
        );
    }

    /// LSN2: who listens on the network is told what a friend types, and that browsers need https.
    #[test]
    fn on_the_network_it_tells_what_a_friend_types() {
        let mut network = greeting(&["0.0.0.0:80"]);
        let lines = told(&network);
        assert_eq!(lines[0], "Tidings is at http://127.0.0.1:80");
        assert_eq!(lines[1], "Others on your network reach it at http://192.168.1.20:80");
        assert!(lines[2].contains("Browsers on other machines need https"), "{lines:?}");

        network.tls = true;
        let lines = told(&network);
        assert_eq!(lines[1], "Others on your network reach it at https://192.168.1.20:80");
        assert_eq!(lines.len(), 2, "with TLS nothing is missing: {lines:?}");

        network.ca = Some("tls/cert.pem".to_owned());
        network.invite = Some("1-abc".to_owned());
        let lines = told(&network);
        assert!(lines[2].contains("tidings --ca tls/cert.pem chat"), "{lines:?}");
        let first = lines.iter().find(|line| line.contains("--invite")).expect("it is told");
        assert!(
            first.starts_with("    tidings --ca tls/cert.pem chat --server https://127.0.0.1:80"),
            "{first}"
        );

        let lines = told(&greeting(&["[::]:80", "0.0.0.0:80"]));
        assert_eq!(lines[0], "Tidings is at http://[::1]:80");
        assert_eq!(
            lines[1],
            "Others on your network reach it at http://192.168.1.20:80 or http://[fd00::20]:80"
        );

        network.machine.clear();
        assert!(told(&network)[1].starts_with("This machine has no address on a network"));
        assert!(told(&greeting(&["10.0.0.1:80"]))[1].starts_with("Terminals are content with that."));
    }

    /// LSN2: what people are told to type is the public address, where there is one.
    #[test]
    fn the_public_address_is_what_is_told() {
        let mut proxied = greeting(&["127.0.0.1:8080"]);
        proxied.public_url = Some("https://chat.example".to_owned());
        proxied.invite = Some("1-abc".to_owned());
        proxied.data = "/var/lib/tidings".to_owned();
        let lines = told(&proxied);
        assert_eq!(lines[0], "Tidings is at https://chat.example");
        assert_eq!(lines[1], "");
        assert_eq!(
            lines[4],
            "    tidings chat --server https://chat.example --sign-up YOUR_HANDLE --invite 1-abc"
        );
        assert!(
            lines[6].ends_with("tidings admin --data /var/lib/tidings invite"),
            "{lines:?}"
        );
        proxied.public_url = Some("http://chat.example".to_owned());
        assert!(told(&proxied)[1].starts_with("Terminals are content with that."));
    }
}
