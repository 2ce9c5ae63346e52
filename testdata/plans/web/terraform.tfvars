rules = {
  https = { priority = 100, port = "443", source = "Internet" }
  ssh   = { priority = 110, port = "22", source = "Internet" }
}
