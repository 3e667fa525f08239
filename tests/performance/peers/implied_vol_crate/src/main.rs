//! The crate implied-vol with each of its solvers, on raw (undiscounted) and on normalised prices, one core.

use implied_vol::solver::{BlackSolver, Experimental, FlashIv, Hybrid, Jaeckel};
use implied_vol::{ImpliedBlackVolatility, ImpliedBlackVolatilityNormalised};
use std::{fs, hint::black_box, path::Path, time::Instant};

const REPETITIONS: usize = 5;

fn column(folder: &Path, name: &str) -> Vec<f64> {
    let bytes = fs::read(folder.join(format!("{name}.f64"))).expect("the benchmark writes every column");
    bytes.chunks_exact(8).map(|b| f64::from_le_bytes(b.try_into().unwrap())).collect()
}

/// Options per second, the median of repetitions after one call that warms up.
fn rate(options: usize, mut call: impl FnMut()) -> f64 {
    call();
    let mut seconds: Vec<f64> = (0..REPETITIONS)
        .map(|_| {
            let started = Instant::now();
            call();
            started.elapsed().as_secs_f64()
        })
        .collect();
    seconds.sort_by(f64::total_cmp);
    options as f64 / seconds[REPETITIONS / 2]
}

fn rates<S: BlackSolver>(folder: &Path, solver: &str) -> [String; 2] {
    let [price, forward, strike, years, is_call, moneyness, normal] =
        ["undiscounted_price", "forward", "strike", "years", "is_call", "moneyness", "normal_price"]
            .map(|name| column(folder, name));
    let options = price.len();
    let mut solved = vec![0.0; options];
    let raw = rate(options, || {
        for i in 0..options {
            solved[i] = ImpliedBlackVolatility::builder()
                .option_price(price[i])
                .forward(forward[i])
                .strike(strike[i])
                .expiry(years[i])
                .is_call(is_call[i] > 0.0)
                .build()
                .and_then(|quote| quote.calculate_with::<S>())
                .unwrap_or(f64::NAN);
        }
        black_box(&mut solved);
    });
    let normalised = rate(options, || {
        for i in 0..options {
            solved[i] = ImpliedBlackVolatilityNormalised::builder()
                .log_moneyness(-moneyness[i])
                .normalised_price(normal[i])
                .build()
                .and_then(|quote| quote.calculate_with::<S>())
                .unwrap_or(f64::NAN);
        }
        black_box(&mut solved);
    });
    [
        format!("\"implied_vol {solver}\": {raw}"),
        format!("\"normalised {solver}\": {normalised}"),
    ]
}

fn main() {
    let argument = std::env::args().nth(1).expect("the folder of the columns");
    let folder = Path::new(&argument);
    let figures = [
        rates::<Hybrid>(folder, "hybrid"),
        rates::<Jaeckel>(folder, "jaeckel"),
        rates::<FlashIv>(folder, "flashiv"),
        rates::<Experimental>(folder, "experimental"),
    ];
    println!("{{{}}}", figures.concat().join(", "));
}
