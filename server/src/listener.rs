//! The socket that clients connect to.

use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

/// Connections that may wait for being taken: all runners come back at once after a restart.
const BACKLOG: i32 = 1024;
/// A client that takes nothing of what it is sent for this long is cut off, so that nobody holds connections and memory
/// by not reading. Longer than a radio link needs to recover, shorter than a lease.
const PATIENCE: Duration = Duration::from_secs(20);

/// Listens. Connections inherit the option `TCP_USER_TIMEOUT` (RFC 5482, tcp(7)), which counts also while the client has
/// closed its window.
///
/// # Errors
/// When the address cannot be listened on.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.set_tcp_user_timeout(Some(PATIENCE))?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use socket2::SockRef;
    use std::net::TcpStream;

    #[test]
    fn connections_have_the_patience_of_their_listener() {
        let listener = listen(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let _client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (connection, _) = listener.accept().unwrap();
        assert_eq!(SockRef::from(&connection).tcp_user_timeout().unwrap(), Some(PATIENCE));
    }
}
