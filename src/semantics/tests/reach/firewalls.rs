//! Through Azure Firewall.
