"""From predictions to recommendations that a trader can read and trace."""
