variable "app_rules" {
  description = "Security rules of the application subnet, by name."
  type = map(object({
    priority    = number
    direction   = string
    access      = string
    protocol    = optional(string, "Tcp")
    source      = optional(string, "*")
    destination = optional(string, "*")
    port        = string
  }))
}

variable "admin_password" {
  type      = string
  sensitive = true
}
