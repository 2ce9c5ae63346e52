//! Functions on address prefixes.

use super::{Call, Function, Outcome};
use crate::eval::functions::network;
use crate::eval::hcl_expr::Failure;
use crate::eval::value::{Data, Value};

pub(super) const FUNCTIONS: &[(&str, Function)] = &[
    ("cidrhost", cidrhost),
    ("cidrnetmask", cidrnetmask),
    ("cidrsubnet", cidrsubnet),
    ("cidrsubnets", cidrsubnets),
];

/// A whole number as large as an address.
fn large(call: &Call<'_>, index: usize) -> Result<i128, Box<Failure>> {
    let number = call.number(index)?;
    let number = number.text().parse();
    number.map_err(|_| call.fail(format!("argument {} must be a whole number", index + 1)))
}

fn cidrhost(call: &Call<'_>) -> Outcome {
    call.strict(|call| {
        let address = network::prefix(&call.text(0)?)
            .and_then(|net| Ok((net, large(call, 1).map_err(|failure| failure.message)?)))
            .and_then(|(net, number)| network::host(net, number))
            .map_err(|error| call.fail(error))?;
        call.string(address.to_string())
    })
}

fn cidrnetmask(call: &Call<'_>) -> Outcome {
    call.strict(|call| {
        let mask = network::prefix(&call.text(0)?)
            .and_then(network::netmask)
            .map_err(|error| call.fail(error))?;
        call.string(mask.to_string())
    })
}

fn cidrsubnet(call: &Call<'_>) -> Outcome {
    call.strict(|call| {
        let (bits, number) = (call.integer(1)?, large(call, 2)?);
        let subnet = network::prefix(&call.text(0)?)
            .and_then(|net| network::subnet(net, bits, number))
            .map_err(|error| call.fail(error))?;
        call.string(subnet.to_string())
    })
}

fn cidrsubnets(call: &Call<'_>) -> Outcome {
    let origin = call.origin();
    call.strict_values(origin, |call| {
        let bits = (1..call.count())
            .map(|index| call.integer(index))
            .collect::<Result<Vec<i64>, _>>()?;
        if bits.iter().any(|bits| *bits > 32) {
            return Err(call.fail("a prefix is not extended by more than 32 bits at once"));
        }
        let subnets = network::prefix(&call.text(0)?)
            .and_then(|net| network::subnets(net, &bits))
            .map_err(|error| call.fail(error))?;
        let items = subnets
            .iter()
            .map(|subnet| Value::new(Data::String(subnet.to_string().into()), origin))
            .collect();
        Ok(Value::list(items, origin))
    })
}
