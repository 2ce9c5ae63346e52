app_rules = {
  https = { priority = 100, direction = "Inbound", access = "Allow", source = "Internet", port = "443" }
  admin = { priority = 110, direction = "Inbound", access = "Allow", source = "0.0.0.0/0", port = "3380-3390" }

  no-private = { priority = 200, direction = "Inbound", access = "Deny", protocol = "*", source = "10.0.0.0/8", port = "*" }
  reports    = { priority = 210, direction = "Inbound", access = "Allow", source = "10.20.1.0/24", port = "9000" }

  mail = { priority = 100, direction = "Outbound", access = "Allow", destination = "Internet", port = "25" }
  dns  = { priority = 120, direction = "Outbound", access = "Deny", protocol = "*", destination = "AzurePlatformDNS", port = "*" }
}
