//! A second, simple evaluator of networks: one packet at a time, in one world. It shares no code
//! with the program.

pub mod arm;
pub mod firewall;
pub mod generate;
pub mod hcl;
pub mod nsg;
pub mod packet;
pub mod route;
pub mod world;
