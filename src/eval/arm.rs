//! ARM templates, evaluated as Azure Resource Manager evaluates them.
