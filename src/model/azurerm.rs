//! azurerm resources to the model: the only place with azurerm spellings.
