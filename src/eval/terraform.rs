//! Terraform configurations, evaluated as Terraform evaluates them.
