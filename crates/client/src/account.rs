//! Signing up and in, and looking after one's devices: one HTTP request each, over a connection of its own.
//!
//! These are rare and stand at the beginning of everything, so they are plain: no pool, no redirects, no retries.
//! Whoever calls decides whether to try again; signing up twice is refused by the handle, not doubled.

use crate::address::{Address, BadAddress, Connector, TcpConnector};
use hyper::body::{Body, Bytes, Incoming};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use protocol::account::{Devices, Rotated, SignIn, SignUp, SignedIn, SignedOut};
use protocol::token::TokenText;
use protocol::{DeviceId, Refusal};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::time::Duration;

/// The largest answer taken, in bytes.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;
/// How long a request may take from connecting to the last byte. Hashing a password takes a server its time.
const REQUEST_TIME_MAX: Duration = Duration::from_secs(20);

/// The account door of one server.
#[derive(Clone, Debug)]
pub struct Account<C = TcpConnector> {
    address: Address,
    connector: C,
}

/// Why a request did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// The server said no, and why.
    #[error("{} ({})", .0.say, .0.name)]
    Refused(Refusal),
    /// There is no connection, or it broke: whether the request was carried out is not known.
    #[error("the server cannot be reached: {0}")]
    Unreachable(#[from] io::Error),
    /// Something answered that is not this server, or of another time.
    #[error("the answer is not one of a Tidings server (HTTP status {status})")]
    Odd {
        /// The HTTP status.
        status: u16,
    },
}

impl Account {
    /// The account door of the server at `url`, over TCP without TLS.
    ///
    /// # Errors
    /// [`BadAddress`] says what is wrong with it.
    pub fn at(url: &str) -> Result<Self, BadAddress> {
        let address = Address::parse(url)?;
        if address.tls {
            return Err(BadAddress::Tls);
        }
        Ok(Self::over(address, TcpConnector))
    }
}

impl<C: Connector> Account<C> {
    /// The account door at an address, over other streams.
    pub fn over(address: Address, connector: C) -> Self {
        Self { address, connector }
    }

    /// A new person, and their first device.
    ///
    /// # Errors
    /// [`AccountError`].
    pub async fn sign_up(&self, sign_up: &SignUp) -> Result<SignedIn, AccountError> {
        self.ask(Method::POST, "/v1/accounts", None, json(sign_up)).await
    }

    /// Another device of a person.
    ///
    /// # Errors
    /// [`AccountError`].
    pub async fn sign_in(&self, sign_in: &SignIn) -> Result<SignedIn, AccountError> {
        self.ask(Method::POST, "/v1/sessions", None, json(sign_in)).await
    }

    /// The devices that are signed in.
    ///
    /// # Errors
    /// [`AccountError`].
    pub async fn devices(&self, token: &TokenText) -> Result<Devices, AccountError> {
        self.ask(Method::GET, "/v1/devices", Some(token), String::new()).await
    }

    /// Signs out a device, perhaps this one.
    ///
    /// # Errors
    /// [`AccountError`].
    pub async fn sign_out(&self, token: &TokenText, device: DeviceId) -> Result<SignedOut, AccountError> {
        self.ask(
            Method::DELETE,
            &format!("/v1/devices/{device}"),
            Some(token),
            String::new(),
        )
        .await
    }

    /// Signs out all devices but this one.
    ///
    /// # Errors
    /// [`AccountError`].
    pub async fn sign_out_others(&self, token: &TokenText) -> Result<SignedOut, AccountError> {
        self.ask(Method::POST, "/v1/devices/sign-out-others", Some(token), String::new())
            .await
    }

    /// A new token for this device. Store it before using it: the old one lives until the new one is first used.
    ///
    /// # Errors
    /// [`AccountError`].
    pub async fn rotate(&self, token: &TokenText) -> Result<Rotated, AccountError> {
        self.ask(Method::POST, "/v1/token", Some(token), String::new()).await
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        token: Option<&TokenText>,
        body: String,
    ) -> Result<T, AccountError> {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, self.address.authority());
        if !body.is_empty() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        if let Some(token) = token {
            request = request.header(AUTHORIZATION, format!("Bearer {}", token.expose()));
        }
        let request = request.body(body).map_err(io::Error::other)?;
        let (status, answer) = tokio::time::timeout(REQUEST_TIME_MAX, self.exchange(request))
            .await
            .map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
        if (200..300).contains(&status) {
            return serde_json::from_slice(&answer).map_err(|_| AccountError::Odd { status });
        }
        Err(serde_json::from_slice(&answer).map_or(AccountError::Odd { status }, AccountError::Refused))
    }

    async fn exchange(&self, request: Request<String>) -> io::Result<(u16, Vec<u8>)> {
        let stream = TokioIo::new(self.connector.connect(&self.address).await?);
        let (mut sender, connection) = hyper::client::conn::http1::handshake(stream)
            .await
            .map_err(io::Error::other)?;
        let exchange = async {
            let response = sender.send_request(request).await.map_err(io::Error::other)?;
            read(response).await
        };
        // The connection is driven only for as long as its one answer takes.
        tokio::pin!(connection, exchange);
        tokio::select! {
            biased;
            answer = &mut exchange => answer,
            ended = &mut connection => {
                ended.map_err(io::Error::other)?;
                exchange.await
            }
        }
    }
}

async fn read(response: Response<Incoming>) -> io::Result<(u16, Vec<u8>)> {
    let status = response.status().as_u16();
    let (mut body, mut bytes) = (response.into_body(), Vec::new());
    while let Some(frame) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
        let data: Bytes = frame.map_err(io::Error::other)?.into_data().unwrap_or_default();
        if bytes.len() + data.len() > ANSWER_BYTES_MAX {
            return Err(io::Error::other("the answer is too long"));
        }
        bytes.extend_from_slice(&data);
    }
    Ok((status, bytes))
}

fn json(body: &impl Serialize) -> String {
    serde_json::to_string(body).expect("strings are always JSON")
}
