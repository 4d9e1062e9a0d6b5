"""History: a rule book over what already happened: replay, backtest, and the comparison of a shadow."""
