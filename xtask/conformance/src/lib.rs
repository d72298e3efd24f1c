//! The behaviour every transport must show, as one suite over real sockets
