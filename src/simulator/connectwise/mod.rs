//! ConnectWise as a server with state.
