rules = {
  ssh = { priority = 100 }
  web = { priority = 110, ports = ["80", "443"], from = "Internet" }
}
enabled = true
