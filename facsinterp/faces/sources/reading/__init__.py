"""What sources share: label files, tables, sheets, codes and licences read with care."""
