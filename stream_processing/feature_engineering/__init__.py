"""What the features are: formulas on the column interface of `models.quantitative.formulas`, no engine in sight."""
