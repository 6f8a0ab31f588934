"""What is drawn without a script: charts as SVG, and sheets of pictures."""
