//! A local server that speaks the Weights & Biases protocol, for tests, demos and benches
