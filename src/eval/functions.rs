//! Pure functions shared by the template languages.
