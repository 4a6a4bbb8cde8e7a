//! Ports for programs that must be told theirs before they start.

use anyhow::Result;
use std::net::Ipv4Addr;
use tokio::net::TcpSocket;

/// A port of this host that other programs are not given as long as this exists. Bound without listening: a listener with
/// `SO_REUSEADDR`, as most servers have, may have the port as well (socket(7)).
pub struct Port(TcpSocket);

impl Port {
    pub fn hold() -> Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.set_reuseaddr(true)?;
        socket.bind((Ipv4Addr::LOCALHOST, 0).into())?;
        Ok(Self(socket))
    }

    pub fn number(&self) -> Result<u16> {
        Ok(self.0.local_addr()?.port())
    }
}
