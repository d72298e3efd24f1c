//! Domain types, credentials, transports and the runtime-free client for Weights & Biases
