//! ARM resources to the model: one of the two places with ARM spellings.
