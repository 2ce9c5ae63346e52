//! What `az`, REST and Resource Graph print.
