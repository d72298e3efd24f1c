//! [`LocalServer`]: two listening sockets served by a runtime on its own thread.

use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::thread::JoinHandle;

use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::oneshot;

use crate::http::{PortContext, serve};
use crate::options::Options;
use crate::request_log::Port;
use crate::store::{Shared, Store, Urls};

/// A running server. Stops when dropped.
#[derive(Debug)]
pub struct LocalServer {
    shared: Arc<Shared>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    _unreachable: TcpSocket,
}

impl LocalServer {
    /// Starts a server on `127.0.0.1` and returns once it accepts requests. Needs no async runtime, and can be called
    /// from within one.
    ///
    /// # Errors
    ///
    /// Fails if a port is taken, or a recording named in the options cannot be read.
    ///
    /// ```
    /// use wandb_local_server::{LocalServer, NewRun, Options};
    ///
    /// let server = LocalServer::start(Options::default())?;
    /// server.store().add_run(NewRun::new("team", "project", "run1"));
    /// assert!(server.base_url().starts_with("http://127.0.0.1:"));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn start(options: Options) -> io::Result<Self> {
        let (api, storage) = (bind(options.port)?, bind(options.storage_port)?);
        let shared = Arc::new(Shared::new(options).map_err(io::Error::other)?);
        // Bound but not listening: nobody else can listen there, and connections are refused.
        let unreachable = TcpSocket::new_v4()?;
        unreachable.bind((Ipv4Addr::LOCALHOST, 0).into())?;
        shared.set_urls(Urls {
            base: format!("http://{}{}", api.local_addr()?, crate::urls::prefix(&shared.options)),
            storage: format!("http://{}", storage.local_addr()?),
            unreachable: format!("http://{}", unreachable.local_addr()?),
        });
        let store = Store(Arc::clone(&shared));
        let saved = shared.options.data_dir.as_ref().filter(|directory| directory.exists());
        for recording in shared.options.fixtures.iter().chain(saved) {
            store.load(recording).map_err(io::Error::other)?;
        }
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("wandb-local-server")
            .enable_all()
            .build()?;
        let (stop, stopped) = oneshot::channel();
        let listeners = [(api, Port::Api), (storage, Port::Storage)];
        let for_thread = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("wandb-local-server".to_owned()).spawn(move || {
            runtime.block_on(async {
                for (listener, port) in listeners {
                    if let Ok(listener) = TcpListener::from_std(listener) {
                        tokio::spawn(serve(listener, PortContext { port, shared: Arc::clone(&for_thread) }));
                    }
                }
                // An error means that the `LocalServer` was dropped, which also stops the server.
                let _ = stopped.await;
            });
            runtime.shutdown_background();
        })?;
        Ok(Self { shared, stop: Some(stop), thread: Some(thread), _unreachable: unreachable })
    }

    /// The base URL of the API, with the path prefix and without a trailing slash.
    pub fn base_url(&self) -> String {
        self.shared.base_url().to_owned()
    }

    /// The base URL of signed URLs.
    pub fn storage_url(&self) -> String {
        self.shared.storage_url().to_owned()
    }

    /// The API key of the first user.
    pub fn api_key(&self) -> String {
        self.shared.options.users.first().map(|user| user.api_key.clone()).unwrap_or_default()
    }

    /// The server's data, to fill and to inspect.
    pub fn store(&self) -> Store {
        Store(Arc::clone(&self.shared))
    }

    /// Stops the server, closes its connections, and saves the state if there is a data directory.
    ///
    /// # Errors
    ///
    /// Fails if the state cannot be saved.
    pub fn stop(mut self) -> io::Result<()> {
        self.end()
    }

    fn end(&mut self) -> io::Result<()> {
        let Some(thread) = self.thread.take() else { return Ok(()) };
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        let _ = thread.join();
        match &self.shared.options.data_dir {
            Some(directory) => self.store().save(directory).map_err(io::Error::other),
            None => Ok(()),
        }
    }
}

impl Drop for LocalServer {
    fn drop(&mut self) {
        // A drop cannot report the error; `stop` does.
        let _ = self.end();
    }
}

fn bind(port: u16) -> io::Result<std::net::TcpListener> {
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}
